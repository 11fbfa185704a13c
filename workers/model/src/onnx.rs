//! The worker `onnx`.
use crate::runner::{PORTS, Runner, params};
use crate::tract::File;
use aw_sdk::{Block, Param, Result, Setup, Spec, Values, Worker};

/// Runs an ONNX model on the frames of its ports; see [`crate::binding`] for what the parameters mean together.
///
/// ```toml
/// [node.mask]
/// worker = "onnx"
/// model  = "models/dtln_1.onnx"
/// in     = { input_2 = "level" }
/// state  = { input_3 = "tf_op_layer_stack_2" }
/// out    = { mask = "activation_2" }
///
/// [node.speech]                          # silero-vad: 512 new samples after 64 old ones
/// worker  = "onnx"
/// model   = "models/silero_vad_openvino_16k.onnx"
/// in      = { input = "mic" }
/// frames  = { input = 512 }
/// context = { input = 64 }
/// state   = { state = "stateN" }
/// out     = { probability = "output" }
/// ```
pub struct Onnx(Runner);

impl Worker for Onnx {
    const SPEC: Spec = Spec {
        id: c"onnx",
        summary: c"Runs an ONNX model, embedded engine tract; channels run one by one",
        ports: PORTS,
        params: params![Param::path(c"model").required().doc(c"The ONNX file")],
        presets: &[],
        may_block: true,
    };

    fn create(values: &Values) -> Result<Self> {
        let model = File::open(values.text("model"))?;
        Ok(Self(Runner::new(values, Box::new(model))?))
    }

    fn prepare(&mut self, setup: &mut Setup) -> Result {
        self.0.prepare(setup)
    }

    fn process(&mut self, block: &mut Block) {
        self.0.process(block);
    }

    fn reset(&mut self) {
        self.0.reset();
    }

    fn save(&self, out: &mut Vec<u8>) {
        self.0.save(out);
    }

    fn load(&mut self, data: &[u8]) -> Result {
        self.0.load(data)
    }
}
