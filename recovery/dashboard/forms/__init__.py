"""Forms check form. What a move means, and whether it is legal, is the domain's to say."""
