"""Statistics: pure functions, numpy arrays in, small frozen structs out. Import the modules; nothing loads here."""
