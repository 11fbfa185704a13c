// The contract between the host and an audio worker: plain C data.
//
// **Threads.** Every function says where it is called: `[control]` may allocate and block, `[render]` may do neither.
// The host never calls two functions of one instance at the same time, but it may call them from different threads.
//
// **No Rust enum crosses.** A worker in C may return any number, and an unknown discriminant would be undefined
// behaviour; codes are transparent integers.
//
// **Growth.** `AW_ABI_MAJOR` changes when old code would break. `AW_ABI_MINOR` changes when a field is added at the end of a
// struct that begins with `size`; the reader looks at no byte past `size`. A struct without `size` is frozen for the
// life of its major version, so that arrays of it can be indexed plainly in C.
//
// **Text** is UTF-8 that ends in a null byte. A null pointer is an empty text unless a field says otherwise.
//
// Generated from workers/abi/src/lib.rs. Do not edit: `AW_BLESS=1 cargo test -p aw-abi`.

#ifndef AW_WORKER_H
#define AW_WORKER_H

#include <stddef.h>
#include <stdint.h>

// Incompatible with every other major version.
#define AW_ABI_MAJOR 1

// Fields added since `AW_ABI_MAJOR` began.
#define AW_ABI_MINOR 1

// Largest rank of a frame.
#define AW_MAX_RANK 4

// Most ports of one instance, inputs and outputs together.
#define AW_MAX_PORTS 32

// `aw_stream.tail` of an output that may sound for ever.
#define AW_ENDLESS UINT32_MAX

// `aw_block.end` while no end is in sight: always when live.
#define AW_NO_END UINT64_MAX

// The port may stay unconnected. All others are connected when `prepare` is called: an output that nobody hears has
// a buffer too.
#define aw_port_OPTIONAL 1

// The port stands for any number of ports, which the graph names (a mixer's inputs, a model's tensors).
#define aw_port_MANY 2

// `set_param` may change it while rendering. Only for BOOL, INT and FLOAT.
#define aw_param_LIVE 1

// Has no default: the graph file must set it.
#define aw_param_REQUIRED 2

// The keys of this TABLE are the names of the output ports that the MANY output port stands for.
#define aw_param_NAMES_OUTPUTS 4

// `process` does as much work whatever its value: what was counted with one holds for all. LIVE ones are taken for
// such anyway.
#define aw_param_SAME_WORK 8

// `process` may allocate or wait (it runs a model): the host keeps it off the render thread, on a lane.
#define aw_worker_MAY_BLOCK 1

// An instance: the worker's own business.
typedef struct aw_instance aw_instance;

// What a call came to.
typedef int32_t aw_status;
// Done.
#define aw_status_OK 0
// Refused; the reason was logged at `aw_level_ERROR`.
#define aw_status_ERROR 1
// The worker panicked. The instance is dead: only `destroy` may follow.
#define aw_status_PANIC 2
// `save` needs a larger buffer; `len` says how large.
#define aw_status_SHORT 3

// What flows through a port. All but `EVENTS` are `float` frames; the kind is a type for the graph checker, not
// another memory layout.
typedef uint32_t aw_kind;
// One value a frame and channel: the sample.
#define aw_kind_AUDIO 0
// `dims[0]` complex bins a frame, stored re, im, re, im.
#define aw_kind_SPECTRUM 1
// `dims[0]` values a frame: mel bands, a mask, a level.
#define aw_kind_FEATURES 2
// A frame of any shape up to `AW_MAX_RANK`.
#define aw_kind_TENSOR 3
// Sparse `aw_event`s instead of frames. Outputs only.
#define aw_kind_EVENTS 4
// Of a port, never of a stream: it takes or gives any kind of frames, as `prepare` decides.
#define aw_kind_ANY 5

// Which way a port faces.
typedef uint32_t aw_dir;
// The worker reads it.
#define aw_dir_IN 0
// The worker writes it.
#define aw_dir_OUT 1

// A port the worker has.
typedef struct aw_port {
  // Its name in the graph file. Letters, digits and `_`.
  const char *name;
  // One line about it.
  const char *doc;
  // Which way it faces.
  aw_dir dir;
  // What flows through it.
  aw_kind kind;
  // `aw_port_...`.
  uint32_t flags;
} aw_port;

// Type of a parameter.
typedef uint32_t aw_type;
// `aw_value.num`, 0 or 1.
#define aw_type_BOOL 0
// `aw_value.num`, whole.
#define aw_type_INT 1
// `aw_value.num`, finite.
#define aw_type_FLOAT 2
// `aw_value.text`.
#define aw_type_TEXT 3
// `aw_value.text`: absolute; the host resolved it against the graph file. Empty if the graph gives none.
#define aw_type_PATH 4
// `aw_value.list`, finite.
#define aw_type_FLOATS 5
// `aw_value.table`, text to text. A number or an array arrives as it would be written in TOML: `16000`, `[1, 576]`.
#define aw_type_TABLE 6

// A parameter the worker has. The host checks type and range, fills in defaults and words the mistakes, so no worker
// parses TOML.
typedef struct aw_param {
  // Its key in the graph file. Letters, digits and `_`; not `worker`, `in`, `run` or `preset`. Since 1.1 a dot may
  // stand between a group and a key: `mel.bands` is written `mel.bands = 80` or `mel = { bands = 80 }`.
  const char *name;
  // Its unit, or "".
  const char *unit;
  // One line about it.
  const char *doc;
  // Its type.
  aw_type ty;
  // `aw_param_...`.
  uint32_t flags;
  // Default of a BOOL, INT or FLOAT.
  double default_num;
  // Default of a TEXT or PATH. FLOATS and TABLE default to empty.
  const char *default_text;
  // Least number allowed; -INFINITY for none.
  double min;
  // Greatest number allowed; INFINITY for none.
  double max;
  // Texts allowed, ended by a null pointer; null allows any text.
  const char *const *choices;
} aw_param;

// A key and its text.
typedef struct aw_pair {
  // Key.
  const char *key;
  // Text.
  const char *text;
} aw_pair;

// Values of several parameters under one name, which a graph file takes with `preset = "NAME"`. Since 1.1.
typedef struct aw_preset {
  // Its name. Letters, digits and `_`.
  const char *name;
  // One line about it.
  const char *doc;
  // Names of parameters, with their values as they would be written in TOML: `"hann"`, `0.97`, `true`.
  const struct aw_pair *values;
  // Number of `values`.
  uint32_t value_count;
} aw_preset;

// The value given to `aw_param` number i. Only the field of its type is meaningful.
typedef struct aw_value {
  // BOOL, INT, FLOAT.
  double num;
  // TEXT, PATH. Never null.
  const char *text;
  // FLOATS.
  const double *list;
  // TABLE.
  const struct aw_pair *table;
  // Items in `list` or `table`.
  uint32_t len;
} aw_value;

// The shape and pace of a stream of frames.
typedef struct aw_format {
  // What a frame is.
  aw_kind kind;
  // Planes: microphones, speakers. At least 1.
  uint32_t channels;
  // Extents of one plane of a frame, unused ones 1. Audio: all 1.
  uint32_t dims[AW_MAX_RANK];
  // Frames a second, as `rate_num / rate_den`.
  uint32_t rate_num;
  // See `rate_num`.
  uint32_t rate_den;
} aw_format;

// A connected port at `prepare`.
typedef struct aw_stream {
  // The port's name.
  const char *port;
  // In: given. Out: the worker writes it. An EVENTS output needs none.
  struct aw_format format;
  // The worker writes it: frames taken or given by one `process`. 0 means "as many as there are": then every port of
  // the instance that carries frames says 0, and all move the same number.
  uint32_t frames;
  // Out, the worker writes it: by how many of its own frames the output lags.
  uint32_t latency;
  // Out, the worker writes it: frames that still sound after the input fell silent, `latency` not counted;
  // `AW_ENDLESS` for a sound that never ends.
  uint32_t tail;
} aw_stream;

// What `prepare` is told and what it answers.
typedef struct aw_setup {
  // Size of this struct.
  uint32_t size;
  // Sample rate of the graph.
  uint32_t sample_rate;
  // Most frames that an "as many as there are" port will see at once.
  uint32_t max_frames;
  // Number of `inputs`.
  uint32_t input_count;
  // Number of `outputs`.
  uint32_t output_count;
  // Connected inputs, in the order of `aw_worker.ports`; those of a MANY port in the order of the graph file.
  struct aw_stream *inputs;
  // Connected outputs, likewise.
  struct aw_stream *outputs;
  // The worker writes it: how often it must hear the whole input before what it gives is right. A replay plays the
  // input so often before, with a `rewind` after each time; a live run refuses. 0 as given. Since 1.1.
  uint32_t rehearsals;
  // The worker writes it: why, for the graph's author, and the way out. UTF-8 that lives until the instance is called
  // again, or null. Since 1.1.
  const char *rehearsals_why;
} aw_setup;

// Something that happened at a moment.
typedef struct aw_event {
  // When, on the clock of `aw_block.time`.
  uint64_t time;
  // Which label: its place in the TEXT parameter `labels`, "silence, yes, no", if the worker has one.
  uint32_t label;
  // How sure, how much.
  float value;
} aw_event;

// The frames of one port in one `process`. Plane c starts at `data + c * stride` floats and holds its frames one after
// the other. Outputs overlap nothing; inputs may overlap each other, so they are read only.
typedef struct aw_buffer {
  // `float *`, or `aw_event *` for EVENTS.
  void *data;
  // Floats between planes.
  uint32_t stride;
  // In: frames present. Out: frames to write. For EVENTS: room when called, and the worker writes how many there
  // are, 0 as often as not.
  uint32_t frames;
} aw_buffer;

// One call of `process`.
typedef struct aw_block {
  // Size of this struct.
  uint32_t size;
  // Number of `inputs`.
  uint32_t input_count;
  // Number of `outputs`.
  uint32_t output_count;
  // The moment of the graph's input that the first frame stands for, in samples at the graph's rate: latency is
  // already taken off. 0 until sound has come through.
  uint64_t time;
  // In the order of `aw_setup.inputs`.
  const struct aw_buffer *inputs;
  // In the order of `aw_setup.outputs`.
  struct aw_buffer *outputs;
  // Number of the first frame of the first input, counted from the one that stands for the moment 0; frames before
  // are negative. They are what comes out of nodes with latency before the sound does. Since 1.1.
  int64_t position;
  // Number that the first input's frame behind its last one has, or `AW_NO_END`. Frames from there on are silence that
  // the host plays so that what is on its way comes out. It is known from the moment when such a frame may arrive.
  // Since 1.1.
  uint64_t end;
} aw_block;

// How much a message matters.
typedef uint32_t aw_level;
// Details for the worker's author.
#define aw_level_DEBUG 0
// Worth knowing.
#define aw_level_INFO 1
// Probably wrong.
#define aw_level_WARN 2
// Why the call failed.
#define aw_level_ERROR 3

// What the host lends a worker. Lives longer than every instance.
typedef struct aw_host {
  // Size of this struct.
  uint32_t size;
  // First argument of every function here.
  void *ctx;
  // [any thread] Never blocks. Cuts `text`, `len` bytes of UTF-8, at 1000 bytes.
  void (*log)(void *ctx, aw_level level, const char *text, size_t len);
} aw_host;

// Heap use of a library, for device budgets and the no-allocation tests.
typedef struct aw_heap {
  // Bytes held now.
  uint64_t bytes;
  // Most bytes ever held.
  uint64_t peak;
  // Allocations and frees made inside `process`, `reset` or `set_param` of workers without `aw_worker_MAY_BLOCK`. Must stay 0.
  uint64_t in_render;
} aw_heap;

// A worker: what it is, and its functions.
typedef struct aw_worker {
  // Size of this struct.
  uint32_t size;
  // `aw_worker_...`.
  uint32_t flags;
  // Number of `ports`.
  uint32_t port_count;
  // Number of `params`.
  uint32_t param_count;
  // Its name in the graph file. Letters, digits and `_`.
  const char *id;
  // One line about it.
  const char *summary;
  // Its ports.
  const struct aw_port *ports;
  // Its parameters.
  const struct aw_param *params;
  // [control] Makes an instance. `values` has one entry a parameter, in the order of `params`; it and all it points
  // at live only for this call.
  aw_status (*create)(const struct aw_host *host,
                      const struct aw_value *values,
                      struct aw_instance **out);
  // [control] Agrees on formats and allocates all that `process` needs. May be called again, with other formats.
  aw_status (*prepare)(struct aw_instance *it, struct aw_setup *setup);
  // [render] Takes and gives the frames agreed in `prepare`.
  aw_status (*process)(struct aw_instance *it, const struct aw_block *block);
  // [render] Changes a live parameter; the value is in range. May be null if no parameter is LIVE.
  void (*set_param)(struct aw_instance *it, uint32_t index, double value);
  // [render] Forgets the past, keeps parameters.
  void (*reset)(struct aw_instance *it);
  // [control] Writes the instance's memory of the past. May be null.
  aw_status (*save)(struct aw_instance *it, uint8_t *data, size_t room, size_t *len);
  // [control] Restores what `save` wrote, after `prepare`. May be null.
  aw_status (*load)(struct aw_instance *it, const uint8_t *data, size_t len);
  // [control] Frees the instance.
  void (*destroy)(struct aw_instance *it);
  // [control] How many frames output number `output` makes of a first input of `frames` frames; `AW_NO_END` leaves it to
  // the rates. Asked after `prepare`. May be null. Since 1.1.
  uint64_t (*extent)(struct aw_instance *it, uint32_t output, uint64_t frames);
  // [control] The same input comes again from its start: forgets the past as `reset` does, but not what it learned
  // of the whole. `reset` forgets that too. May be null; `reset` is called then. Since 1.1.
  void (*rewind)(struct aw_instance *it);
  // Its presets. Since 1.1.
  const struct aw_preset *presets;
  // Number of `presets`. Since 1.1.
  uint32_t preset_count;
} aw_worker;

// What `aw_entry` returns. Its first two fields keep their place in every version.
typedef struct aw_library {
  // `AW_ABI_MAJOR` the library was built for.
  uint32_t abi_major;
  // `AW_ABI_MINOR` the library was built for.
  uint32_t abi_minor;
  // Size of this struct.
  uint32_t size;
  // Number of `workers`.
  uint32_t worker_count;
  // The workers.
  const struct aw_worker *const *workers;
  // [any thread] Heap use. May be null.
  void (*heap)(struct aw_heap *out);
} aw_library;

// The one symbol a library exports, `aw_entry`. May return null to refuse the host.
typedef const struct aw_library *(*aw_entry_fn)(uint32_t host_major, uint32_t host_minor);

#if defined(_WIN32)
#define AW_EXPORT __declspec(dllexport)
#else
#define AW_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C"
#endif
// The one symbol a library exports. Returning null refuses the host.
AW_EXPORT const aw_library *aw_entry(uint32_t host_major, uint32_t host_minor);

#endif // AW_WORKER_H
