// Counts the instructions between marks, for QEMU's emulators of programs (`qemu-user`); built when it is needed.
//
// A mark is a system call that no system has: (MARK, 1, what, frames) enters, (MARK, 0) leaves. Pairs may lie within pairs;
// an instruction is of the innermost. When a pair is left, a line is written:
//
//   call WHAT FRAMES INSTRUCTIONS ACCESSES INSTRUCTIONS_WITH_PAIRS_WITHIN
//
// and in the end `code WHAT BYTES` for each, the instructions that it ran, each counted once, and `end TOTAL`; a file that
// does not end so is not whole. QEMU runs a program in translated blocks, each from its first to its last instruction
// unless a signal comes, and counted programs get none: so blocks are counted, which is exact, and fast.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Of qemu-plugin.h, which Debian does not package. All of it is the same in every version of the interface so far.
typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { NO_REGISTERS = 0, READS_AND_WRITES = 3 };
typedef void on_translated(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void on_run(unsigned thread, void *of);
typedef void on_access(unsigned thread, uint32_t about, uint64_t address, void *of);
typedef void on_call(qemu_plugin_id_t, unsigned thread, int64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                     uint64_t e, uint64_t f, uint64_t g, uint64_t h);
typedef void on_exit_of(qemu_plugin_id_t, void *of);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t at);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
extern size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);
extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, on_translated *);
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, on_run *, int registers, void *of);
extern void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *, on_access *, int registers, int which, void *of);
extern void qemu_plugin_register_vcpu_syscall_cb(qemu_plugin_id_t, on_call *);
extern void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, on_exit_of *, void *of);

// API: the version of the interface, which hangs on that of QEMU.
int qemu_plugin_version = API;

enum { MARK = 0x7001, DEEPEST = 8, WHATS = 1024, WORDS = WHATS / 64 };

// A translated block, kept to the end.
struct block {
    struct block *next;
    uint64_t first, bytes, instructions;
    uint64_t last_what;    // one more than what ran it last
    uint64_t ran[WORDS];   // a bit for each that ran it
};

// A pair that is open.
struct pair {
    uint64_t what, frames, instructions, accesses, within;
};

static struct block *blocks;
static struct pair pairs[DEEPEST];
static int depth;
static bool wrong;      // marks that do not match, or too many
static unsigned marker; // the thread that marks: what others run meanwhile is not of a pair
static uint64_t total;
static FILE *out;

static void run(unsigned thread, void *of) {
    struct block *block = of;
    total += block->instructions;
    if (depth == 0 || thread != marker) return;
    struct pair *pair = &pairs[depth - 1];
    pair->instructions += block->instructions;
    if (block->last_what == pair->what + 1) return;
    block->last_what = pair->what + 1;
    block->ran[pair->what / 64] |= UINT64_C(1) << pair->what % 64;
}

static void access_memory(unsigned thread, uint32_t about, uint64_t address, void *of) {
    (void)about, (void)address, (void)of;
    if (depth > 0 && thread == marker) pairs[depth - 1].accesses++;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
    (void)id;
    struct block *block = calloc(1, sizeof *block);
    if (!block) {
        wrong = true;
        return;
    }
    block->instructions = qemu_plugin_tb_n_insns(tb);
    for (size_t at = 0; at < block->instructions; at++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, at);
        if (at == 0) block->first = qemu_plugin_insn_vaddr(insn);
        block->bytes += qemu_plugin_insn_size(insn);
        qemu_plugin_register_vcpu_mem_cb(insn, access_memory, NO_REGISTERS, READS_AND_WRITES, NULL);
    }
    block->next = blocks, blocks = block;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, run, NO_REGISTERS, block);
}

static void enter(unsigned thread, uint64_t what, uint64_t frames) {
    if (depth == DEEPEST || what >= WHATS || (depth > 0 && thread != marker)) {
        wrong = true;
        return;
    }
    marker = thread;
    pairs[depth++] = (struct pair){ .what = what, .frames = frames };
}

static void leave(unsigned thread) {
    if (depth == 0 || thread != marker) {
        wrong = true;
        return;
    }
    struct pair pair = pairs[--depth];
    uint64_t all = pair.instructions + pair.within;
    if (depth > 0) pairs[depth - 1].within += all;
    fprintf(out, "call %llu %llu %llu %llu %llu\n", (unsigned long long)pair.what, (unsigned long long)pair.frames,
            (unsigned long long)pair.instructions, (unsigned long long)pair.accesses, (unsigned long long)all);
}

static void system_call(qemu_plugin_id_t id, unsigned thread, int64_t number, uint64_t a, uint64_t b, uint64_t c,
                        uint64_t d, uint64_t e, uint64_t f, uint64_t g, uint64_t h) {
    (void)id, (void)d, (void)e, (void)f, (void)g, (void)h;
    if ((uint32_t)number != MARK) return;
    // Registers of 32 bits may come with anything above.
    if ((uint32_t)a) enter(thread, (uint32_t)b, (uint32_t)c);
    else leave(thread);
}

static int by_address(const void *a, const void *b) {
    const struct block *one = *(struct block *const *)a, *other = *(struct block *const *)b;
    return (one->first > other->first) - (one->first < other->first);
}

// Bytes of the blocks that `what` ran; blocks overlap where one jumps into another.
static uint64_t code(struct block **sorted, size_t count, unsigned what) {
    uint64_t bytes = 0, until = 0;
    for (size_t at = 0; at < count; at++) {
        const struct block *block = sorted[at];
        uint64_t from = block->first, to = from + block->bytes;
        if (!(block->ran[what / 64] >> what % 64 & 1) || to <= until) continue;
        bytes += to - (from > until ? from : until);
        until = to;
    }
    return bytes;
}

static void finish(qemu_plugin_id_t id, void *of) {
    (void)id, (void)of;
    size_t count = 0;
    for (struct block *block = blocks; block; block = block->next) count++;
    struct block **sorted = calloc(count ? count : 1, sizeof *sorted);
    if (!sorted) return;
    size_t at = 0;
    for (struct block *block = blocks; block; block = block->next) sorted[at++] = block;
    qsort(sorted, count, sizeof *sorted, by_address);
    for (unsigned what = 0; what < WHATS; what++) {
        uint64_t bytes = code(sorted, count, what);
        if (bytes) fprintf(out, "code %u %llu\n", what, (unsigned long long)bytes);
    }
    if (!wrong && depth == 0) fprintf(out, "end %llu\n", (unsigned long long)total);
    fclose(out);
}

// Takes one argument, out=FILE.
__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id, const void *about, int argc,
                                                               char **argv) {
    (void)about;
    out = argc == 1 && strncmp(argv[0], "out=", 4) == 0 ? fopen(argv[0] + 4, "w") : NULL;
    if (!out) {
        fprintf(stderr, "the counter cannot write its file\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_vcpu_syscall_cb(id, system_call);
    qemu_plugin_register_atexit_cb(id, finish, NULL);
    return 0;
}
