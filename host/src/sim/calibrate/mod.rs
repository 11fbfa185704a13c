//! What a board measured → cycles an instruction, and how sure that is.
