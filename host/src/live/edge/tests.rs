mod one_clock;
