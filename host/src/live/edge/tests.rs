mod one_clock;
mod two_clocks;
