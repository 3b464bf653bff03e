"""Region packs: what a region's handbook rules, as data, with where it stands and what it does not say."""
