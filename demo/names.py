"""Invented names and words. Nobody in here exists."""

FIRST = """
Agnes Albert Amara Anita Arthur Beatrice Bernard Bhavna Carmen Cecil Chiara Clara Colin Cora Daniel Delia Dolores
Douglas Edith Edmund Elena Elsie Ernest Esther Eugene Farida Felix Flora Frances George Gladys Gordon Grace
Harold Hazel Helga Henry Ines Iris Irma Ivan Jean Joan Joseph Joyce Judith Kenji Lars Leonard Lila Lorna Louis Lucia
Mabel Magda Marcus Martha Maurice Mei Miriam Mohan Nadia Nell Nora Olga Oscar Otto Patrick Pearl Percy Petra Priya
Ralph Ramona Rosa Ruth Samuel Selma Sofia Stanley Sunita Sylvia Thelma Theo Ursula Vera Victor Viola Walter Wanda
Wilfred Yusuf Zofia
""".split()

LAST = """
Abara Adler Ahmed Ashdown Baptiste Barlow Becker Bianchi Blackwood Bose Brandt Byrne Calloway Castillo Chaudhry Cho
Cooper Dahl Davies Delgado Desai Donnelly Dube Eklund Engel Farrow Fernando Fischer Flores Gallagher Garcia Grant
Greene Haas Hadley Hassan Hawkins Hirsch Holm Ibarra Irving Jablonski Jensen Kapoor Kaur Keller Kimura Kowalski Lam
Larsen Leclerc Lindqvist Lopez Marsh Mbeki Mendez Morrow Nakamura Novak Nwosu Okafor Olsen Ortega Owens Park Patel
Petrov Quinn Ramirez Rao Reyes Rossi Rowe Sato Schultz Sharma Silva Singh Steiner Sullivan Tanaka Thorne Tran Ulrich
Vargas Vogel Walsh Weaver Webb Weiss Wong Yates Young Zielinski
""".split()

WORDS = """
amber anchor apple arrow autumn badger bamboo basket beacon birch bishop blanket bottle bramble bridge bronze button
cabin candle canyon carpet castle cedar cherry chimney cobalt copper coral cotton cricket crystal daisy dolphin dragon
eagle elbow ember falcon feather fennel ferry fiddle forest fossil garden garlic ginger glacier granite grape hammer
harbour hazel heron hollow honey island ivory jacket jasmine juniper kettle kitten ladder lagoon lantern lemon lily
linen lobster magnet mango maple marble meadow melon mirror mosaic mountain mustard nectar needle nickel nutmeg oasis
olive onion orchid otter oyster paddle panda parcel pebble pepper pigeon pillow planet plum pocket poppy prairie
quartz rabbit raven ribbon river rocket saddle saffron salmon sandal scarlet shadow silver spruce sunset tulip tunnel
turtle velvet violet walnut willow window winter zebra
""".split()
