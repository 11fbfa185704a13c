//! Types and numbers of the headers, those that `jack` names.
use core::ffi::*;
use libc::size_t;

macro_rules! opaque {
    ($($name:ident)*) => { $(#[repr(C)] pub struct $name { _private: [u8; 0] })* };
}
opaque! { jack_client_t jack_port_t jack_ringbuffer_t }

pub type jack_nframes_t = u32;
pub type jack_time_t = u64;
pub type jack_uuid_t = u64;
pub type jack_intclient_t = u64;
pub type jack_port_id_t = u32;
pub type jack_midi_data_t = c_uchar;

pub static FLOAT_MONO_AUDIO: &str = "32 bit float mono audio";
pub static RAW_MIDI_TYPE: &str = "8 bit raw midi";

pub type Enum_JackOptions = c_uint;
pub type jack_options_t = Enum_JackOptions;
pub const JackNoStartServer: c_uint = 0x01;
pub const JackUseExactName: c_uint = 0x02;
pub const JackServerName: c_uint = 0x04;
pub const JackLoadName: c_uint = 0x08;
pub const JackLoadInit: c_uint = 0x10;
pub const JackSessionID: c_uint = 0x20;

pub type Enum_JackStatus = c_uint;
pub type jack_status_t = Enum_JackStatus;
pub const JackFailure: c_uint = 0x001;
pub const JackInvalidOption: c_uint = 0x002;
pub const JackNameNotUnique: c_uint = 0x004;
pub const JackServerStarted: c_uint = 0x008;
pub const JackServerFailed: c_uint = 0x010;
pub const JackServerError: c_uint = 0x020;
pub const JackNoSuchClient: c_uint = 0x040;
pub const JackLoadFailure: c_uint = 0x080;
pub const JackInitFailure: c_uint = 0x100;
pub const JackShmFailure: c_uint = 0x200;
pub const JackVersionError: c_uint = 0x400;
pub const JackBackendError: c_uint = 0x800;
pub const JackClientZombie: c_uint = 0x1000;

pub type Enum_JackPortFlags = c_uint;
pub const JackPortIsInput: c_uint = 0x01;
pub const JackPortIsOutput: c_uint = 0x02;
pub const JackPortIsPhysical: c_uint = 0x04;
pub const JackPortCanMonitor: c_uint = 0x08;
pub const JackPortIsTerminal: c_uint = 0x10;

pub type jack_latency_callback_mode_t = c_uint;
pub const JackCaptureLatency: c_uint = 0;
pub const JackPlaybackLatency: c_uint = 1;

pub type jack_transport_state_t = c_uint;
pub const JackTransportStopped: c_uint = 0;
pub const JackTransportRolling: c_uint = 1;
pub const JackTransportLooping: c_uint = 2;
pub const JackTransportStarting: c_uint = 3;

pub const JackPositionBBT: c_uint = 0x10;
pub const JackBBTFrameOffset: c_uint = 0x40;

pub type jack_property_change_t = c_uint;
pub const PropertyCreated: c_uint = 0;
pub const PropertyChanged: c_uint = 1;
pub const PropertyDeleted: c_uint = 2;

#[repr(C, packed)]
#[derive(Clone, Copy, Default)]
pub struct Struct__jack_latency_range {
    pub min: jack_nframes_t,
    pub max: jack_nframes_t,
}
pub type jack_latency_range_t = Struct__jack_latency_range;

#[repr(C, packed)]
#[derive(Clone, Copy, Default)]
pub struct Struct__jack_position {
    pub unique_1: u64,
    pub usecs: jack_time_t,
    pub frame_rate: jack_nframes_t,
    pub frame: jack_nframes_t,
    pub valid: c_uint,
    pub bar: i32,
    pub beat: i32,
    pub tick: i32,
    pub bar_start_tick: f64,
    pub beats_per_bar: f32,
    pub beat_type: f32,
    pub ticks_per_beat: f64,
    pub beats_per_minute: f64,
    pub frame_time: f64,
    pub next_time: f64,
    pub bbt_offset: jack_nframes_t,
    pub audio_frames_per_video_frame: f32,
    pub video_offset: jack_nframes_t,
    pub padding: [i32; 7],
    pub unique_2: u64,
}
pub type jack_position_t = Struct__jack_position;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct jack_property_t {
    pub key: *const c_char,
    pub data: *const c_char,
    pub _type: *const c_char,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct jack_description_t {
    pub subject: jack_uuid_t,
    pub property_cnt: u32,
    pub properties: *mut jack_property_t,
    pub property_size: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct jack_midi_event_t {
    pub time: jack_nframes_t,
    pub size: size_t,
    pub buffer: *mut jack_midi_data_t,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct jack_ringbuffer_data_t {
    pub buf: *mut c_char,
    pub len: size_t,
}

impl Default for jack_ringbuffer_data_t {
    fn default() -> Self {
        jack_ringbuffer_data_t { buf: std::ptr::null_mut(), len: 0 }
    }
}

macro_rules! callbacks {
    ($($name:ident($($ty:ty),*) $(-> $ret:ty)?;)*) => {
        $(pub type $name = Option<unsafe extern "C" fn($($ty),*) $(-> $ret)?>;)*
    };
}
callbacks! {
    JackBufferSizeCallback(jack_nframes_t, *mut c_void) -> c_int;
    JackClientRegistrationCallback(*const c_char, c_int, *mut c_void);
    JackFreewheelCallback(c_int, *mut c_void);
    JackGraphOrderCallback(*mut c_void) -> c_int;
    JackInfoShutdownCallback(jack_status_t, *const c_char, *mut c_void);
    JackPortConnectCallback(jack_port_id_t, jack_port_id_t, c_int, *mut c_void);
    JackPortRegistrationCallback(jack_port_id_t, c_int, *mut c_void);
    JackPortRenameCallback(jack_port_id_t, *const c_char, *const c_char, *mut c_void) -> c_int;
    JackProcessCallback(jack_nframes_t, *mut c_void) -> c_int;
    JackPropertyChangeCallback(jack_uuid_t, *const c_char, jack_property_change_t, *mut c_void);
    JackSampleRateCallback(jack_nframes_t, *mut c_void) -> c_int;
    JackSyncCallback(jack_transport_state_t, *mut jack_position_t, *mut c_void) -> c_int;
    JackMessageCallback(*const c_char);
    JackThreadInitCallback(*mut c_void);
    JackXRunCallback(*mut c_void) -> c_int;
}
