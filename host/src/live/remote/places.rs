//! Sockets: where they are, and who may reach them.
use mio::net::{TcpListener, TcpStream, UdpSocket};
#[cfg(unix)]
use mio::net::{UnixListener, UnixStream};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

/// A socket for JSON lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// A Unix socket, which this user alone can open.
    Unix(PathBuf),
    /// A TCP port; 0 is any that is free.
    Port(u16),
}

impl Control {
    /// A Unix socket in the folder that the system keeps for what a user runs, `$XDG_RUNTIME_DIR`.
    ///
    /// # Errors
    /// There is no such folder.
    pub fn own() -> Result<Self, RemoteError> {
        let folder = std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty());
        folder.map(|folder| Self::Unix(PathBuf::from(folder).join("aw.sock"))).ok_or(RemoteError::NoFolder)
    }
}

impl FromStr for Control {
    type Err = RemoteError;

    /// A number is a port, `auto` is [`Control::own`], and all else is a path.
    fn from_str(text: &str) -> Result<Self, RemoteError> {
        match text {
            "auto" => Self::own(),
            _ if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().map(Self::Port).map_err(|_| RemoteError::NoPort(text.into()))
            }
            path => Ok(Self::Unix(path.into())),
        }
    }
}

/// Why there is no control from outside.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// There is no place for a socket of this user.
    #[error(
        "XDG_RUNTIME_DIR names no folder for the socket; name the socket: --control PATH, or a port: --control 9000"
    )]
    NoFolder,
    /// There is no such port.
    #[error("{0} is no port: they end at 65535")]
    NoPort(String),
    /// Somebody listens there.
    #[error("another program listens at {}; end it, or give this one another path: --control PATH", .0.display())]
    Living(PathBuf),
    /// Something else is there.
    #[error("{} is no socket, and is not replaced by one; choose another path: --control PATH", .0.display())]
    Other(PathBuf),
    /// The system does not make the socket.
    #[error("cannot make the socket {}: {why}", path.display())]
    Unix {
        /// The file.
        path: PathBuf,
        /// The system's words.
        why: io::Error,
    },
    /// The system does not give the port.
    #[error("cannot listen at {at}: {why}; choose another port, or 0 for any that is free")]
    Port {
        /// The address.
        at: SocketAddr,
        /// The system's words.
        why: io::Error,
    },
    /// The system does not give what a thread needs.
    #[error("cannot serve remote control: {0}")]
    Thread(#[from] io::Error),
}

/// A socket that clients come to.
pub enum Door {
    /// For whoever reaches the port.
    Tcp(TcpListener),
    /// For this user.
    #[cfg(unix)]
    Unix(UnixListener, unix::Own),
}

/// A connection.
pub enum Stream {
    /// From a port.
    Tcp(TcpStream),
    /// From a Unix socket.
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Door {
    pub fn open(control: &Control, listen: IpAddr) -> Result<Self, RemoteError> {
        match control {
            Control::Port(port) => {
                let at = SocketAddr::new(listen, *port);
                Ok(Self::Tcp(TcpListener::bind(at).map_err(|why| RemoteError::Port { at, why })?))
            }
            #[cfg(unix)]
            Control::Unix(path) => unix::open(path).map(|(listener, own)| Self::Unix(listener, own)),
            #[cfg(not(unix))]
            Control::Unix(path) => {
                let why =
                    io::Error::new(io::ErrorKind::Unsupported, "this system has none; name a port: --control 9000");
                Err(RemoteError::Unix { path: path.clone(), why })
            }
        }
    }

    pub fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener) => listener.accept().map(|(stream, _)| {
                drop(stream.set_nodelay(true)); // an answer waits for nothing
                Stream::Tcp(stream)
            }),
            #[cfg(unix)]
            Self::Unix(listener, _) => listener.accept().map(|(stream, _)| Stream::Unix(stream)),
        }
    }

    /// For people.
    pub fn place(&self) -> String {
        match self {
            Self::Tcp(listener) => listener.local_addr().map_or("a port".into(), |at| format!("tcp {at}")),
            #[cfg(unix)]
            Self::Unix(_, own) => own.path.display().to_string(),
        }
    }
}

/// The socket for messages.
pub fn udp(port: u16, listen: IpAddr) -> Result<UdpSocket, RemoteError> {
    let at = SocketAddr::new(listen, port);
    UdpSocket::bind(at).map_err(|why| RemoteError::Port { at, why })
}

#[cfg(unix)]
mod unix {
    use super::RemoteError;
    use mio::net::UnixListener;
    use std::fs::{self, Permissions};
    use std::io::{self, ErrorKind};
    use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
    use std::os::unix::net as std_net;
    use std::path::{Path, PathBuf};

    /// The file of a socket; removed when it is dropped, unless it is another's by now.
    pub struct Own {
        pub path: PathBuf,
        inode: u64,
    }

    impl Drop for Own {
        fn drop(&mut self) {
            if fs::symlink_metadata(&self.path).is_ok_and(|found| found.ino() == self.inode) {
                drop(fs::remove_file(&self.path)); // nobody is left to tell
            }
        }
    }

    /// Makes a socket. It gets its name when it is this user's alone, and takes the place of one that nobody listens at.
    pub fn open(path: &Path) -> Result<(UnixListener, Own), RemoteError> {
        match fs::symlink_metadata(path) {
            Err(why) if why.kind() == ErrorKind::NotFound => {}
            Ok(found) if !found.file_type().is_socket() => return Err(RemoteError::Other(path.into())),
            _ => match std_net::UnixStream::connect(path) {
                Err(why) if why.kind() == ErrorKind::ConnectionRefused => {} // its process is gone
                _ => return Err(RemoteError::Living(path.into())),
            },
        }
        make(path).map_err(|why| RemoteError::Unix { path: path.into(), why })
    }

    fn make(path: &Path) -> io::Result<(UnixListener, Own)> {
        std_net::SocketAddr::from_pathname(path)?; // a longer name could be given, but not found
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = tempfile::Builder::new().prefix(".aw").rand_bytes(4).tempdir_in(parent)?; // for its owner alone
        let first = folder.path().join("s");
        let listener = std_net::UnixListener::bind(&first)?;
        fs::set_permissions(&first, Permissions::from_mode(0o600))?;
        let own = Own { path: path.into(), inode: fs::symlink_metadata(&first)?.ino() };
        fs::rename(&first, path)?;
        listener.set_nonblocking(true)?;
        Ok((UnixListener::from_std(listener), own))
    }
}
