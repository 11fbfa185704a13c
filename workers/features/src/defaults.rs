//! What keys are that nobody set.
use crate::choices::*;
use crate::keys::*;

impl Default for FrameKeys {
    fn default() -> Self {
        Self {
            n_fft: 400,
            win_length: 400,
            hop: 160,
            window: Window::Hann,
            window_param: None,
            window_values: Vec::new(),
            window_periodic: true,
            window_exponent: 1.0,
            window_place: WindowPlace::Center,
            edges: Edges::Center,
            pad: Pad::Zero,
            pad_left: 0,
            pad_right: 0,
            drop_last: 0,
            remove_dc: false,
            preemphasis: 0.0,
            preemphasis_scope: PreemphasisScope::Frame,
            dither: 0.0,
        }
    }
}

impl Default for SpectrumKeys {
    fn default() -> Self {
        Self { power: 2.0, eps: 0.0, scale: SpectrumScale::None }
    }
}

impl Default for MelKeys {
    fn default() -> Self {
        Self {
            bands: 80,
            fmin: 0.0,
            fmax: 0.0,
            scale: MelScale::Slaney,
            slope: Slope::Hz,
            norm: MelNorm::None,
            edge_bins: EdgeBins::Exact,
            empty: false,
        }
    }
}

impl Default for LogKeys {
    fn default() -> Self {
        Self {
            kind: LogKind::None,
            floor: 1e-10,
            floor_mode: FloorMode::Max,
            reference: Reference::Number(1.0),
            range: 0.0,
            range_scope: RangeScope::Utterance,
            range_window: 3000,
            post_scale: 1.0,
            post_offset: 0.0,
        }
    }
}

impl Default for MfccKeys {
    fn default() -> Self {
        Self {
            n: 13,
            norm: CepstrumNorm::Ortho,
            lifter: 0.0,
            lifter_index: LifterIndex::Zero,
            c0: C0::Keep,
            c0_position: C0Position::First,
            c0_scale: C0Scale::None,
        }
    }
}

impl Default for EnergyKeys {
    fn default() -> Self {
        Self { mode: EnergyMode::None, floor: f64::from(f32::EPSILON), position: Position::First }
    }
}

impl Default for DeltaKeys {
    fn default() -> Self {
        Self { order: 0, window: 2, style: DeltaStyle::Htk }
    }
}

impl Default for CmvnKeys {
    fn default() -> Self {
        Self {
            mode: CmvnMode::None,
            file: String::new(),
            window: 600,
            min_window: 100,
            center: false,
            norm_vars: false,
        }
    }
}
