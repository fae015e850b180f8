"""Writers of the formats that an export can have."""
