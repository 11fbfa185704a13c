//! The sorts of mistakes, and the long story of each.

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident $name:literal $story:literal;)+) => {
        /// A sort of mistake.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $($(#[$doc])* $code,)+
        }

        impl Code {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$code),+];

            /// How it is written behind `error`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$code => $name),+ }
            }

            /// What it means, why it is a mistake, and what to do: for `aw explain`.
            pub fn story(self) -> &'static str {
                match self { $(Self::$code => $story),+ }
            }
        }
    };
}

codes! {
    /// Not TOML.
    Toml "toml" "The file is not TOML at this place. What stands before and after is checked all the same.

A text stands in quotes, a table header in brackets, and a key may be set once:

    [node.stft]
    worker = \"stft\"
    size   = 512";
    /// A key that the language does not have.
    Key "key" "A table of the graph file has a key that the language does not know. A graph file has

    [graph]        rate, block, title, max_latency_ms, tail_ms
    [input.NAME]   device or wav, channels
    [node.NAME]    worker, in, run, and the parameters of the worker
    [output.NAME]  from, and device, wav or to
    [[test]]       name, play, expect, set, block, tail_ms, align, device, seed, faults";
    /// Something must be there and is not.
    Missing "missing" "A key or a table that is needed is not there: `rate` in [graph], `worker` in a node, `from` in an output,
a required parameter of a worker, or any output at all.";
    /// Of another type.
    Type "type" "A value is of another type than its key takes: a text where a number is wanted, say. Texts stand in quotes,
numbers and true or false do not. A parameter that takes a number also takes a whole number; the reverse is not so.";
    /// Outside what is allowed.
    Value "value" "A value is of the right type, but outside what is allowed: below the least or above the greatest number, or not
one of the texts that a parameter knows. `aw workers` lists ranges and choices.";
    /// A name that cannot be.
    Name "name" "Inputs, nodes and outputs have names of letters, digits, `_` and `-`. Inputs and nodes share one space of names,
because a reference such as in = \"mic\" may mean either.";
    /// No such worker.
    Worker "worker" "No worker of that id was found. Workers are looked for in the folders of --workers and of $AW_WORKERS, beside the
executable, and in ../lib/aw from there. `aw workers` lists all that were found.";
    /// It needs the whole recording.
    Offline "offline" "A worker must hear the whole input before its first frame is right: the loudest value of an utterance, or
its mean, is known at its end only. A replay plays the input once more before, unheard, so that the worker can learn.
Live, nothing can be heard before it is there: choose a window or what has been heard so far instead of the utterance,
or features that are trained so.";
    /// No such preset.
    Preset "preset" "A worker has no preset of that name. `aw workers ID` lists its presets, `aw explain preset NAME` prints one with
all its values. Keys beside `preset` are stronger than the preset's own.";
    /// No such parameter.
    Param "param" "A key of the node is neither worker, in or run, nor a parameter of its worker. `aw workers ID` lists the
parameters of a worker.";
    /// A file that is not there.
    Path "path" "A parameter names a file that cannot be read. Paths are relative to the graph file, not to the shell.

A path that begins with @ names a file of an installed model, wherever that is on this machine:

    model = \"@dtln/model_1.onnx\"

`aw install dtln` brings that one, `aw install --list` shows all. A file whose own name begins with @ is \"./@…\".";
    /// No such source.
    Source "source" "A reference names something that is neither an input nor a node. A reference is \"NAME\" or \"NAME.PORT\".";
    /// No such port.
    Port "port" "A port is named that the worker does not have, or none is named where there are several to choose from.
`aw workers ID` lists the ports of a worker.";
    /// An input left open.
    Open "open" "An input port of a worker is connected to nothing. Only ports that are marked optional may stay open.";
    /// One kind of frames where another is wanted.
    Kind "kind" "What arrives at a port is of another kind than the worker takes there. The kinds are audio (samples), spectrum
(complex bins), features (values a frame: mel bands, a mask, a level), tensor (frames of any shape) and events.

From audio to a spectrum: stft. From a spectrum to features: magnitude, power or phase. From a spectrum to audio: istft.";
    /// Frames that do not come in step.
    Rate "rate" "A worker takes so many frames of one input for so many of another, but they do not arrive in that proportion. One
of the streams would pile up without end. Either a parameter (hop, every) is wrong, or a worker that converts the
pace of frames is missing: `repeat` for features, `resample` for audio.";
    /// No whole number of frames makes them meet.
    Align "align" "Where paths of different latency meet, the shorter one waits for the longer one: by whole frames. Here no whole
number of frames makes them meet, because the latency of one path is no multiple of the frames of the other.
Choose another size or hop in one of the paths; a `delay` does not help, as it is never made up for.";
    /// Nodes that wait for each other.
    Cycle "cycle" "These nodes wait for each other in a circle, so none can go first. Write feedback = 1 on one of the edges: it
then carries the previous frame, and zeros at first.

    in = { a = \"dry\", b = { from = \"echo\", feedback = 1 } }";
    /// Too few frames to go round.
    Feedback "feedback" "A loop holds too few frames to ever go round: a worker in it takes more frames at once than the feedback edge
brings. Write a larger `feedback`, at least the number of frames that the worker takes at once.";
    /// The worker says no.
    Refused "refused" "The worker itself refused its parameters or what arrives at it. The message is the worker's own.";
    /// A delay that is no whole number of frames.
    Delay "delay" "A delay is a whole number of frames of the stream that it is written on. For audio, `delay_ms` is rounded to the
nearest sample; for frames that come less often it must fit exactly.";
    /// Later than allowed.
    Latency "latency" "The way from an input to an output takes longer than max_latency_ms in [graph] allows. `aw plan` shows the parts:
what each worker needs to hear before it can answer, what lanes add, and what priming adds when frames and blocks do
not fall together.";
    /// Where a node runs.
    Run "run" "`run` says where a node runs: \"inline\", on the render thread, or on a lane of its own name:

    run = { lane = \"nn\", delay = 2, late = \"hold\" }

`delay` is how many firings its answers come later, at least 1; `late` is what is heard when an answer is not there
when due: the last one again (\"hold\"), silence (\"zero\"), or the sound without the node (\"pass\").";
    /// A worker that may wait, on the render thread.
    Inline "inline" "The worker of this node may allocate memory or wait, and `run = \"inline\"` puts it on the render thread all the
same. In a replay that does no harm. Live, the sound breaks up whenever it takes longer than a block.";
    /// Nobody listens.
    Unused "unused" "No output hears this: nothing that it makes reaches an output of the graph. It is computed all the same.";
    /// Too much.
    Size "size" "The graph asks for more than can be held: more ports on one node, longer delays, or a block and hops that fall
together so rarely that their common period cannot be walked through.";
}
