mod one_clock;
mod outlets;
mod two_clocks;
