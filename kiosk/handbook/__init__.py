"""What a region's handbook tells, as articles of our own words, and its outlets and lines: loading and searching."""
