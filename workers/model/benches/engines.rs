//! What the worker adds to an engine: `cargo bench -p aw-model`. Every model that is found runs through the worker, as the
//! host calls it, and in a loop of nothing but the engine's own call with the state handed back; both take turns, on the
//! same frames. The models of the tests are always there, real ones and ONNX Runtime where `aw install` put them.
use aw_host::plugin::{Format, Frames, FramesMut, Instance, Kind, Moment, OutBuffer, SearchPath, Value, Workers};
use ort::AsPointer;
use ort::value::Tensor;
use std::ffi::CString;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;
use tract_onnx::prelude::{Tensor as Cells, *};

/// Runs of one turn, and turns.
const RUNS: usize = 100;
const TURNS: usize = 40;

/// A model, its inputs with their extents, and its outputs; the first of each is no state, and state number n goes from
/// output n to input n.
struct Model {
    path: PathBuf,
    inputs: Vec<(&'static str, Vec<usize>)>,
    outputs: Vec<&'static str>,
}

fn main() {
    let library = library();
    if library.is_none() {
        println!("no ONNX Runtime is installed: only tract is measured");
    }
    println!("{:28} {:12} {:>10} {:>10} {:>6}", "model", "engine", "bare, us", "worker, us", "ratio");
    for model in models() {
        let frames = noise(RUNS * model.inputs[0].1.iter().product::<usize>());
        let name = model.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut tract = Tract::new(&model);
        let mut worker = Loaded::new(&model, "tract", None);
        print(&name, "tract", median(|| tract.run(&frames), || worker.run(&frames)));
        let Some(library) = &library else { continue };
        let mut runtime = Runtime::new(&model, library);
        let mut worker = Loaded::new(&model, "onnxruntime", Some(library));
        print(&name, "ONNX Runtime", median(|| runtime.run(&frames), || worker.run(&frames)));
    }
}

fn print(model: &str, engine: &str, (bare, worker): (f64, f64)) {
    println!("{model:28} {engine:12} {bare:10.2} {worker:10.2} {:6.3}", worker / bare);
}

/// Microseconds a run of two things that take turns.
fn median(mut bare: impl FnMut(), mut worker: impl FnMut()) -> (f64, f64) {
    let time = |run: &mut dyn FnMut()| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64() * 1e6 / RUNS as f64
    };
    time(&mut bare);
    time(&mut worker);
    let (mut a, mut b): (Vec<f64>, Vec<f64>) = (0..TURNS).map(|_| (time(&mut bare), time(&mut worker))).unzip();
    [&mut a, &mut b].into_iter().for_each(|times| times.sort_by(f64::total_cmp));
    (a[TURNS / 2], b[TURNS / 2])
}

fn noise(len: usize) -> Vec<f32> {
    let at = |i: usize| ((i as u32).wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0;
    (0..len).map(at).collect()
}

/// Where `aw install` puts things.
fn home() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = || set("XDG_DATA_HOME").or_else(|| Some(set("HOME")?.join(".local/share")));
    set("AW_HOME").or_else(|| Some(data()?.join("aw")))
}

fn library() -> Option<PathBuf> {
    let name = format!("{}onnxruntime{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    home().map(|home| home.join("engines/onnxruntime").join(name)).filter(|path| path.exists())
}

fn models() -> Vec<Model> {
    let own = |name: &str, inputs, outputs| {
        let path = PathBuf::from(format!("{}/tests/models/{name}.onnx", env!("CARGO_MANIFEST_DIR")));
        Model { path, inputs, outputs }
    };
    let gru = vec![("x", vec![1, 1, 4]), ("h", vec![1, 1, 3])];
    let mut models = vec![
        own("mask", vec![("x", vec![1, 1, 5])], vec!["y"]),
        own("gru", gru.clone(), vec!["y", "h_next"]),
        own("lstm", [gru, vec![("c", vec![1, 1, 3])]].concat(), vec!["y", "h_next", "c_next"]),
    ];
    let mut installed = |file: &str, inputs, outputs| match home().map(|home| home.join("models").join(file)) {
        Some(path) if path.exists() => models.push(Model { path, inputs, outputs }),
        _ => println!("{file} is not installed"),
    };
    let state = vec![1, 2, 128, 2];
    let (first, second) = (("input_2", vec![1, 1, 257]), ("input_4", vec![1, 1, 512]));
    let outputs = vec!["activation_2", "tf_op_layer_stack_2"];
    installed("dtln/model_1.onnx", vec![first, ("input_3", state.clone())], outputs);
    installed("dtln/model_2.onnx", vec![second, ("input_5", state)], vec!["conv1d_3", "tf_op_layer_stack_5"]);
    let inputs = vec![("input", vec![1, 576]), ("state", vec![2, 1, 128])];
    installed("silero-vad/silero_vad_openvino_16k.onnx", inputs, vec!["output", "stateN"]);
    models
}

/// The worker, loaded as the host does.
struct Loaded {
    instance: Instance,
    take: usize,
    out: Vec<f32>,
    out_frames: usize,
}

impl Loaded {
    fn new(model: &Model, engine: &str, library: Option<&PathBuf>) -> Self {
        let path = SearchPath { given: vec![], own: vec![aw_tests::built_release(&["aw-model"])] };
        let (workers, _) = Workers::find(&path);
        let worker = &workers.get("onnx").expect("the library has been built").worker;
        let states = model.inputs.iter().zip(&model.outputs).skip(1);
        let states: Vec<(String, String)> =
            states.map(|((input, _), output)| (input.to_string(), output.to_string())).collect();
        let text = |path: &PathBuf| Value::Text(path.to_string_lossy().into_owned());
        let value = |param: &aw_host::plugin::Param| match param.name.as_str() {
            "model" => text(&model.path),
            "engine" => Value::Text(engine.into()),
            "runtime" => library.map_or(param.default.clone(), text),
            "state" => Value::Table(states.clone()),
            _ => param.default.clone(),
        };
        let values: Vec<Value> = worker.params.iter().map(value).collect();
        let mut instance = Instance::create(worker, &values).expect("the model is read");
        let (name, shape) = &model.inputs[0];
        let take: usize = shape.iter().product();
        let format = Format::audio(1, 100).carrying(Kind::FEATURES, take as u32);
        let agreed = instance.prepare(16000, 160, &[(name, format)], &[model.outputs[0]]).expect("the frames fit");
        let (out_frames, width) = (agreed.outputs[0].frames as usize, agreed.outputs[0].format.width());
        Self { instance, take, out: vec![0.0; out_frames * width], out_frames }
    }

    fn run(&mut self, frames: &[f32]) {
        for (at, frame) in frames.chunks(self.take).enumerate() {
            let input = [Frames { data: frame, stride: self.take, frames: 1 }];
            let stride = self.out.len();
            let out = FramesMut { data: &mut self.out, stride, frames: self.out_frames };
            let moment = Moment::at(at as u64 * 160);
            self.instance.process(moment, &input, &mut [OutBuffer::Frames(out)]).expect("it plays");
            black_box(&self.out);
        }
    }
}

/// tract, called as its documentation says.
struct Tract {
    plan: Arc<TypedRunnableModel>,
    shape: Vec<usize>,
    states: TVec<TValue>,
}

impl Tract {
    fn new(model: &Model) -> Self {
        let mut graph = tract_onnx::onnx().with_ignore_value_info(true).model_for_path(&model.path).expect("a model");
        for (at, (_, shape)) in model.inputs.iter().enumerate() {
            graph.set_input_fact(at, InferenceFact::dt_shape(f32::datum_type(), shape)).expect("an input");
        }
        let plan = graph.into_optimized().and_then(|graph| graph.into_runnable()).expect("a plan");
        let zeros = |(_, shape): &(_, Vec<usize>)| Cells::zero::<f32>(shape).expect("memory").into();
        Self { plan, shape: model.inputs[0].1.clone(), states: model.inputs[1..].iter().map(zeros).collect() }
    }

    fn run(&mut self, frames: &[f32]) {
        for frame in frames.chunks(self.shape.iter().product()) {
            let input = Cells::from_shape(&self.shape, frame).expect("a frame");
            let mut values: TVec<TValue> = tvec!(input.into());
            values.extend(self.states.drain(..));
            let mut outputs = self.plan.run(values).expect("a run");
            self.states.extend(outputs.drain(1..));
            black_box(&outputs);
        }
    }
}

/// ONNX Runtime through its C function, with all memory in place.
struct Runtime {
    session: ort::session::Session,
    names: [Vec<CString>; 2],
    inputs: Vec<Tensor<f32>>,
    outputs: Vec<Tensor<f32>>,
}

impl Runtime {
    fn new(model: &Model, library: &PathBuf) -> Self {
        // Kept for ever: a process has one.
        static ENVIRONMENT: std::sync::OnceLock<ort::environment::Environment> = std::sync::OnceLock::new();
        let begin = || ort::init_from(library).expect("a library").with_telemetry(false).build().expect("the only one");
        let builder = ort::session::Session::builder(ENVIRONMENT.get_or_init(begin)).expect("a session");
        let builder = builder.with_intra_threads(1).expect("one thread").with_inter_threads(1).expect("one thread");
        let mut builder = builder.with_intra_op_spinning(false).expect("no spinning");
        let mut session = builder.commit_from_file(&model.path).expect("a model");
        let zeros = |shape: &[usize]| {
            let values = vec![0.0_f32; shape.iter().product()];
            Tensor::from_array((shape.to_vec(), values)).expect("memory")
        };
        let inputs: Vec<Tensor<f32>> = model.inputs.iter().map(|(_, shape)| zeros(shape)).collect();
        let values: Vec<ort::session::SessionInputValue> = inputs.iter().map(|value| value.into()).collect();
        let first = session.run(&values[..]).expect("a run");
        let shape = |name: &&str| first[*name].shape().iter().map(|n| *n as usize).collect::<Vec<usize>>();
        let outputs = model.outputs.iter().map(|name| zeros(&shape(name))).collect();
        drop((first, values));
        let c = |name: &str| CString::new(name).expect("a name");
        let takes = model.inputs.iter().map(|(name, _)| c(name)).collect();
        let names = [takes, model.outputs.iter().map(|name| c(name)).collect()];
        Self { session, names, inputs, outputs }
    }

    fn run(&mut self, frames: &[f32]) {
        let [ins, outs] = &self.names;
        let [ins, outs] = [ins, outs].map(|names| names.iter().map(|name| name.as_ptr()).collect::<Vec<_>>());
        let values: Vec<_> = self.inputs.iter().map(|value| value.ptr()).collect();
        let mut results: Vec<_> = self.outputs.iter_mut().map(|value| value.ptr_mut()).collect();
        for frame in frames.chunks(self.inputs[0].extract_tensor().1.len()) {
            self.inputs[0].extract_tensor_mut().1.copy_from_slice(frame);
            // SAFETY: as many names as values, all alive and used by nobody else.
            let status = unsafe {
                let (session, options) = (self.session.ptr().cast_mut(), std::ptr::null());
                let (takes, gives, to) = (values.len(), results.len(), results.as_mut_ptr());
                (ort::api().Run)(session, options, ins.as_ptr(), values.as_ptr(), takes, outs.as_ptr(), gives, to)
            };
            assert!(status.0.is_null(), "a run");
            for (state, next) in self.inputs.iter_mut().zip(&self.outputs).skip(1) {
                state.extract_tensor_mut().1.copy_from_slice(next.extract_tensor().1);
            }
            black_box(self.outputs[0].extract_tensor());
        }
    }
}
