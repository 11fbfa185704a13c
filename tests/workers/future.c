/* Built for ABI 1.9, a later version of this one: its structs have grown at the end, and older readers see what they
   know. */
#include "hostile/good.h"

static struct {
  aw_worker known;
  void (*later)(void);
  uint64_t more[4];
} grown = {.more = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};
static struct {
  aw_library known;
  uint64_t more[4];
} grown_library = {.more = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};

static void spoil(void) {
  grown.known = worker;
  grown.known.size = sizeof grown;
  workers[0] = &grown.known;
  grown_library.known = library;
  grown_library.known.abi_minor = AW_ABI_MINOR + 9;
  grown_library.known.size = sizeof grown_library;
  answer = &grown_library.known;
}
