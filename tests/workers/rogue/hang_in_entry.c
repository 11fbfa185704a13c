/* Never comes back from `aw_entry`. */
#include "../hostile/good.h"


static void spoil(void) {
  for (volatile int forever = 1; forever;) {}
}
