//! Who had the core when, as a picture.
