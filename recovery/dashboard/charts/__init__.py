"""Drawings as numbers: what a template needs to write an SVG. No colours here; those are the style sheet's."""
