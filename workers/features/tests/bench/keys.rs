//! Keys as the references write them.
use aw_features::*;
use serde_json::Value;

/// Sets a field where the key is there.
macro_rules! set {
    ($object:expr, $($key:literal $as:ident $field:expr),+ $(,)?) => {
        $(if let Some(value) = $object.get($key) {
            $field = $as(value).try_into().unwrap();
        })+
    };
}

macro_rules! choose {
    ($object:expr, $($key:literal $kind:ident $field:expr),+ $(,)?) => {
        $(if let Some(value) = $object.get($key) {
            $field = $kind::named(value.as_str().unwrap()).unwrap_or_else(|| panic!("{} has no {value}", $key));
        })+
    };
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn whole(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn flag(value: &Value) -> bool {
    value.as_bool().unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().into()
}

/// The keys of a case; features in, features out have the defaults for what is no part of them.
pub fn read(json: &Value) -> Keys {
    let rate = json.get("sample_rate").map_or(16000, |rate| rate.as_u64().unwrap() as u32);
    let mut keys = Keys::new(json["type"].as_str().and_then(Kind::named).unwrap_or(Kind::Mel), rate);
    set!(json, "input_scale" number keys.input_scale);
    frame(&json["frame"], &mut keys.frame);
    set!(json["spectrum"], "power" number keys.spectrum.power, "eps" number keys.spectrum.eps);
    choose!(json["spectrum"], "scale" SpectrumScale keys.spectrum.scale);
    let (object, mel) = (&json["mel"], &mut keys.mel);
    set!(object, "bands" whole mel.bands, "fmin" number mel.fmin, "fmax" number mel.fmax);
    choose!(object, "scale" MelScale mel.scale, "slope" Slope mel.slope, "norm" MelNorm mel.norm);
    choose!(object, "edge_bins" EdgeBins mel.edge_bins);
    set!(object, "empty" flag mel.empty);
    log(&json["log"], &mut keys.log);
    let (object, mfcc) = (&json["mfcc"], &mut keys.mfcc);
    set!(object, "n" whole mfcc.n, "lifter" number mfcc.lifter);
    choose!(object, "norm" CepstrumNorm mfcc.norm, "lifter_index" LifterIndex mfcc.lifter_index, "c0" C0 mfcc.c0);
    choose!(object, "c0_position" C0Position mfcc.c0_position, "c0_scale" C0Scale mfcc.c0_scale);
    let (object, energy) = (&json["energy"], &mut keys.energy);
    set!(object, "floor" number energy.floor);
    choose!(object, "mode" EnergyMode energy.mode, "position" Position energy.position);
    let (object, deltas) = (&json["deltas"], &mut keys.deltas);
    set!(object, "order" whole deltas.order, "window" whole deltas.window);
    choose!(object, "style" DeltaStyle deltas.style);
    let (object, cmvn) = (&json["cmvn"], &mut keys.cmvn);
    choose!(object, "mode" CmvnMode cmvn.mode);
    set!(object, "file" text cmvn.file, "window" whole cmvn.window, "min_window" whole cmvn.min_window);
    set!(object, "center" flag cmvn.center, "norm_vars" flag cmvn.norm_vars);
    keys
}

fn frame(object: &Value, frame: &mut FrameKeys) {
    set!(object, "n_fft" whole frame.n_fft, "win_length" whole frame.win_length, "hop" whole frame.hop);
    choose!(object, "window" Window frame.window, "window_place" WindowPlace frame.window_place);
    frame.window_param = object.get("window_param").map(number);
    set!(object, "window_periodic" flag frame.window_periodic, "window_exponent" number frame.window_exponent);
    choose!(object, "edges" Edges frame.edges, "pad" Pad frame.pad);
    set!(object, "pad_left" whole frame.pad_left, "pad_right" whole frame.pad_right);
    set!(object, "drop_last" whole frame.drop_last, "remove_dc" flag frame.remove_dc, "dither" number frame.dither);
    set!(object, "preemphasis" number frame.preemphasis);
    choose!(object, "preemphasis_scope" PreemphasisScope frame.preemphasis_scope);
}

fn log(object: &Value, log: &mut LogKeys) {
    choose!(object, "kind" LogKind log.kind, "floor_mode" FloorMode log.floor_mode);
    choose!(object, "range_scope" RangeScope log.range_scope);
    set!(object, "floor" number log.floor, "range" number log.range, "range_window" whole log.range_window);
    set!(object, "post_scale" number log.post_scale, "post_offset" number log.post_offset);
    match object.get("ref") {
        Some(Value::String(_)) => log.reference = Reference::Max,
        Some(value) => log.reference = Reference::Number(number(value)),
        None => {}
    }
}
