//! Whole-program tests of aw.
