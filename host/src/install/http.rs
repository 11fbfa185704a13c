//! One request: certificates, proxies, names and passwords, and what to say of an answer that is none.
use super::pip::Settings;
use super::{InstallError, netrc, url};
use base64::Engine;
use std::path::Path;
use std::time::Duration;
use ureq::config::RedirectAuthHeaders;
use ureq::http::{Response, StatusCode};
use ureq::tls::{Certificate, ClientCert, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, Proxy};

/// Sends requests as pip would.
pub struct Client {
    checked: Agent,
    /// For the hosts whose certificates are not checked.
    trusting: Agent,
    trusted: Vec<String>,
    /// Index addresses with name and password; they count for files on the same host.
    logins: Vec<String>,
}

impl Client {
    /// # Errors
    /// Certificates or the proxy cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, InstallError> {
        let with_login = |url: &&String| url::parts(url).1.is_some();
        Ok(Self {
            checked: agent(settings, false)?,
            trusting: agent(settings, true)?,
            trusted: settings.trusted_hosts.clone(),
            logins: settings.indexes.iter().chain(&settings.find_links).filter(with_login).cloned().collect(),
        })
    }

    /// Asks for a file from byte `from` on. Answers whatever the server says, an error status included.
    pub fn get(&self, address: &str, accept: &str, from: u64) -> Result<Response<Body>, ureq::Error> {
        let is_trusted =
            [url::host(address), url::authority(address)].iter().any(|host| self.trusted.iter().any(|t| t == host));
        let agent = if is_trusted { &self.trusting } else { &self.checked };
        let (scheme, user, rest) = url::parts(address);
        let mut request =
            agent.get(format!("{scheme}{}", rest.split('#').next().unwrap_or(rest))).header("Accept", accept);
        if from > 0 {
            request = request.header("Range", format!("bytes={from}-"));
        }
        if let Some(login) = self.login(address, user) {
            let coded = base64::engine::general_purpose::STANDARD.encode(login);
            request = request.header("Authorization", format!("Basic {coded}"));
        }
        request.call()
    }

    /// `name:password` for an address: its own, else that of an index on the same host, else of `~/.netrc`.
    fn login(&self, address: &str, own: Option<&str>) -> Option<String> {
        // The same scheme, too: what was meant for TLS does not go out in the clear.
        let same_host = |index: &&String| {
            url::authority(index) == url::authority(address) && url::parts(index).0 == url::parts(address).0
        };
        let of_index = || self.logins.iter().find(same_host).and_then(|index| url::parts(index).1);
        if let Some(login) = own.or_else(of_index) {
            let (name, password) = login.split_once(':').unwrap_or((login, ""));
            return Some(format!("{}:{}", url::decode(name), url::decode(password)));
        }
        netrc::login(url::host(address)).map(|(name, password)| format!("{name}:{password}"))
    }
}

fn agent(settings: &Settings, trusting: bool) -> Result<Agent, InstallError> {
    let proxy = match &settings.proxy {
        Some(proxy) => {
            let whole = if proxy.contains("://") { proxy.clone() } else { format!("http://{proxy}") };
            let wrong = |_| InstallError::Setting {
                what: "pip's proxy".into(),
                why: format!("`{}` is no address", url::shown(proxy)),
            };
            Some(Proxy::new(&whole).map_err(wrong)?)
        }
        None => Proxy::try_from_env(),
    };
    let tls = TlsConfig::builder().root_certs(roots(settings)?).disable_verification(trusting);
    let tls = tls.client_cert(settings.client_cert.as_deref().map(client_cert).transpose()?).build();
    let patience = Some(Duration::from_secs_f64(settings.timeout.clamp(1.0, 86400.0)));
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .user_agent(concat!("aw/", env!("CARGO_PKG_VERSION")))
        // Packed bytes could not be continued.
        .accept_encoding("identity")
        .redirect_auth_headers(RedirectAuthHeaders::SameHost)
        .proxy(proxy)
        .tls_config(tls)
        .timeout_resolve(patience)
        .timeout_connect(patience)
        .timeout_recv_response(patience)
        .timeout_per_read(patience);
    Ok(config.build().new_agent())
}

/// Whom to trust: the file that pip is told, the one that its HTTP library is told, the system's, else Mozilla's.
fn roots(settings: &Settings) -> Result<RootCerts, InstallError> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let told = settings.cert.clone().or_else(|| variable("REQUESTS_CA_BUNDLE")).or_else(|| variable("CURL_CA_BUNDLE"));
    let certificates = match told.as_deref().map(Path::new) {
        Some(folder) if folder.is_dir() => rustls_native_certs::load_certs_from_paths(None, Some(folder)),
        Some(file) => return certificates(file),
        None => rustls_native_certs::load_native_certs(),
    };
    let certificates: Vec<Certificate> =
        certificates.certs.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect();
    Ok(if certificates.is_empty() { RootCerts::WebPki } else { RootCerts::new_with_certs(&certificates) })
}

fn pem(file: &Path) -> Result<Vec<PemItem<'static>>, InstallError> {
    let unreadable = |why: std::io::Error| InstallError::Setting {
        what: "pip's certificates".into(),
        why: format!("{} cannot be read: {why}", file.display()),
    };
    let bytes = std::fs::read(file).map_err(unreadable)?;
    Ok(parse_pem(&bytes).filter_map(Result::ok).collect())
}

fn certificates(file: &Path) -> Result<RootCerts, InstallError> {
    let found = pem(file)?.into_iter().filter_map(|item| match item {
        PemItem::Certificate(certificate) => Some(certificate),
        _ => None,
    });
    let found: Vec<Certificate> = found.collect();
    if found.is_empty() {
        let why = format!("no certificate is in {}, which pip is told to trust", file.display());
        return Err(InstallError::Setting { what: "pip's cert".into(), why });
    }
    Ok(RootCerts::new_with_certs(&found))
}

fn client_cert(file: &str) -> Result<ClientCert, InstallError> {
    let (mut chain, mut key) = (vec![], None);
    for item in pem(Path::new(file))? {
        match item {
            PemItem::Certificate(certificate) => chain.push(certificate),
            PemItem::PrivateKey(found) => key = Some(found),
            _ => {}
        }
    }
    let lacks =
        || InstallError::Setting { what: "pip's client-cert".into(), why: format!("{file} has no private key") };
    Ok(ClientCert::new_with_certs(&chain, key.ok_or_else(lacks)?))
}

/// Whether it may go well the next time.
pub fn passes(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504 | 520..=527)
}

/// What a refusal means, and the way out.
pub fn refusal(status: StatusCode) -> String {
    let words = match status.as_u16() {
        401 | 403 => {
            "name and password are wanted: in the index address of pip, as https://NAME:PASSWORD@…, or in ~/.netrc"
        }
        404 => "there is no such page",
        407 => "the proxy wants name and password: pip config set global.proxy http://NAME:PASSWORD@HOST:PORT",
        _ => "the server does not answer as it should; try again later",
    };
    format!("HTTP {status}: {words}")
}

/// What happened to a request that was not answered.
pub fn failure(why: &ureq::Error) -> String {
    let text = why.to_string();
    let help = match why {
        ureq::Error::HostNotFound => "; is there a network, or is a proxy needed (pip config set global.proxy …)?",
        ureq::Error::Rustls(_) | ureq::Error::Tls(_) => {
            "; if your network has certificates of its own: pip config set global.cert FILE"
        }
        _ if text.contains("certificate") || text.contains("UnknownIssuer") => {
            "; if your network has certificates of its own: pip config set global.cert FILE"
        }
        _ => "",
    };
    format!("{text}{help}")
}
