mod events; //     against trying all there is
mod labels; //     files that people write, and broken ones
mod quality; //    what no metric is defined for
mod references; // published implementations
