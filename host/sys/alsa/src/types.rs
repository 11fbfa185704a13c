//! Types of the headers. Most are only ever pointed to.
use core::ffi::*;

macro_rules! opaque {
    ($($name:ident)*) => { $(#[repr(C)] pub struct $name { _private: [u8; 0] })* };
}
opaque! {
    __va_list_tag snd_config_t snd_ctl_card_info_t snd_ctl_elem_id_t snd_ctl_elem_info_t snd_ctl_elem_list_t
    snd_ctl_elem_value_t snd_ctl_event_t snd_ctl_t snd_hctl_elem_t snd_hctl_t snd_midi_event_t snd_mixer_class_t
    snd_mixer_elem_t snd_mixer_selem_id_t snd_mixer_selem_regopt snd_mixer_t snd_output_t snd_pcm_hw_params_t
    snd_pcm_info_t snd_pcm_status_t snd_pcm_sw_params_t snd_pcm_t snd_rawmidi_info_t snd_rawmidi_status_t snd_rawmidi_t
    snd_seq_client_info_t snd_seq_port_info_t snd_seq_port_subscribe_t snd_seq_query_subscribe_t snd_seq_queue_status_t
    snd_seq_queue_tempo_t snd_seq_remove_events_t snd_seq_t
}

macro_rules! enums {
    ($($name:ident)*) => { $(pub type $name = c_uint;)* };
}
enums! {
    snd_ctl_elem_iface_t snd_ctl_elem_type_t snd_mixer_elem_type_t snd_pcm_access_t snd_pcm_audio_tstamp_type_t
    snd_pcm_chmap_position snd_pcm_chmap_type snd_pcm_state_t snd_pcm_stream_t snd_pcm_tstamp_t snd_pcm_tstamp_type_t
    snd_pcm_type_t snd_rawmidi_stream_t snd_seq_query_subs_type_t snd_seq_event_type
}
pub type snd_pcm_format_t = c_int;
pub type snd_mixer_selem_channel_id_t = c_int;
pub type snd_pcm_uframes_t = c_ulong;
pub type snd_pcm_sframes_t = c_long;
pub type snd_htimestamp_t = libc::timespec;
pub type snd_seq_event_type_t = c_uchar;
pub type snd_seq_tick_time_t = c_uint;

pub type snd_local_error_handler_t =
    Option<unsafe extern "C" fn(*const c_char, c_int, *const c_char, c_int, *const c_char, *mut __va_list_tag)>;

/// Followed by as many positions as there are channels.
#[repr(C)]
pub struct snd_pcm_chmap_t {
    pub channels: c_uint,
    pub pos: Positions,
}

/// Where the positions begin.
#[repr(C)]
pub struct Positions([c_uint; 0]);

impl Positions {
    pub fn as_ptr(&self) -> *const c_uint {
        self.0.as_ptr()
    }

    pub fn as_mut_ptr(&mut self) -> *mut c_uint {
        self.0.as_mut_ptr()
    }

    /// # Safety
    /// So many positions lie there.
    pub unsafe fn as_slice(&self, len: usize) -> &[c_uint] {
        // SAFETY: by the caller's promise.
        unsafe { core::slice::from_raw_parts(self.0.as_ptr(), len) }
    }
}

#[repr(C)]
pub struct snd_pcm_chmap_query_t {
    pub type_: snd_pcm_chmap_type,
    pub map: snd_pcm_chmap_t,
}

/// `unsigned int type_requested:4; unsigned int report_delay:1;`, the lowest bits first where the lowest byte is first.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct snd_pcm_audio_tstamp_config_t {
    bits: c_uint,
}

impl snd_pcm_audio_tstamp_config_t {
    pub fn set_type_requested(&mut self, value: c_uint) {
        self.put(value & 15, 4, 0);
    }

    pub fn set_report_delay(&mut self, value: c_uint) {
        self.put(value & 1, 1, 4);
    }

    fn put(&mut self, value: c_uint, width: u32, at: u32) {
        let at = if cfg!(target_endian = "big") { c_uint::BITS - at - width } else { at };
        let mask = ((1 << width) - 1) << at;
        self.bits = self.bits & !mask | value << at;
    }
}

// Events of sequencers: `seq_event.h`.

#[repr(C)]
#[derive(Clone, Copy)]
pub struct snd_seq_addr_t {
    pub client: c_uchar,
    pub port: c_uchar,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct snd_seq_connect_t {
    pub sender: snd_seq_addr_t,
    pub dest: snd_seq_addr_t,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct snd_seq_ev_note_t {
    pub channel: c_uchar,
    pub note: c_uchar,
    pub velocity: c_uchar,
    pub off_velocity: c_uchar,
    pub duration: c_uint,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct snd_seq_ev_ctrl_t {
    pub channel: c_uchar,
    pub unused: [c_uchar; 3usize],
    pub param: c_uint,
    pub value: c_int,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct snd_seq_ev_raw8_t {
    pub d: [c_uchar; 12usize],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct snd_seq_ev_raw32_t {
    pub d: [c_uint; 3usize],
}

#[repr(C, packed)]
#[derive(Clone, Copy)]
pub struct snd_seq_ev_ext_t {
    pub len: c_uint,
    pub ptr: *mut c_void,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct snd_seq_result_t {
    pub event: c_int,
    pub result: c_int,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct snd_seq_queue_skew_t {
    pub value: c_uint,
    pub base: c_uint,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct snd_seq_real_time_t {
    pub tv_sec: c_uint,
    pub tv_nsec: c_uint,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union snd_seq_timestamp_t {
    pub tick: snd_seq_tick_time_t,
    pub time: snd_seq_real_time_t,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union snd_seq_ev_queue_param_t {
    pub value: c_int,
    pub time: snd_seq_timestamp_t,
    pub position: c_uint,
    pub skew: snd_seq_queue_skew_t,
    pub d32: [c_uint; 2usize],
    pub d8: [c_uchar; 8usize],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct snd_seq_ev_queue_control_t {
    pub queue: c_uchar,
    pub unused: [c_uchar; 3usize],
    pub param: snd_seq_ev_queue_param_t,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct snd_seq_ev_ump_notify_t {
    pub client: c_uchar,
    pub block: c_uchar,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union snd_seq_event_data {
    pub note: snd_seq_ev_note_t,
    pub control: snd_seq_ev_ctrl_t,
    pub raw8: snd_seq_ev_raw8_t,
    pub raw32: snd_seq_ev_raw32_t,
    pub ext: snd_seq_ev_ext_t,
    pub queue: snd_seq_ev_queue_control_t,
    pub time: snd_seq_timestamp_t,
    pub addr: snd_seq_addr_t,
    pub connect: snd_seq_connect_t,
    pub result: snd_seq_result_t,
    pub ump_notify: snd_seq_ev_ump_notify_t,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct snd_seq_event_t {
    pub type_: snd_seq_event_type_t,
    pub flags: c_uchar,
    pub tag: c_uchar,
    pub queue: c_uchar,
    pub time: snd_seq_timestamp_t,
    pub source: snd_seq_addr_t,
    pub dest: snd_seq_addr_t,
    pub data: snd_seq_event_data,
}

/// Where the samples of a channel lie in a mapped buffer.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct snd_pcm_channel_area_t {
    pub addr: *mut c_void,
    pub first: c_uint,
    pub step: c_uint,
}
