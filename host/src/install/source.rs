//! An archive, wherever it comes from.
use super::folder::{self, Found};
use super::http::Client;
use super::{Archive, Entry, Home, InstallError, Settings, Watch, crates, download, hash, index, url};
use std::cell::OnceCell;
use std::path::{Path, PathBuf};

/// Where archives are looked for.
pub struct Sources {
    /// Folders; if there are any, nothing else is asked.
    folders: Vec<PathBuf>,
    /// An index instead of pip's.
    index: Option<String>,
    network: OnceCell<(Settings, Client)>,
}

/// An archive that is here.
#[derive(Debug, PartialEq)]
pub struct Got {
    /// The file.
    pub path: PathBuf,
    /// Where it came from, for people.
    pub from: String,
}

impl Sources {
    /// Only `folders`, if there are any; else what pip and cargo are configured with, with `index` in place of pip's.
    pub fn new(folders: Vec<PathBuf>, index: Option<String>) -> Self {
        Self { folders, index, network: OnceCell::new() }
    }

    /// Brings an archive here.
    ///
    /// # Errors
    /// Nobody has it, or not this one, or the way there is closed.
    pub fn get(&self, home: &Home, entry: &Entry, wanted: &Archive, watch: &Watch) -> Result<Got, InstallError> {
        if !self.folders.is_empty() {
            return self.among(&self.folders, entry, wanted, watch)?.map_err(|near| InstallError::NotInFolders {
                archive: wanted.archive.clone(),
                searched: self.folders.clone(),
                near,
                command: folder::command(entry, wanted),
            });
        }
        if wanted.archive.ends_with(".crate") {
            std::fs::create_dir_all(home.folder()).map_err(|why| InstallError::write(home.folder(), why))?;
            let path = crates::fetch(entry, wanted, home.folder())?;
            return Ok(Got { from: format!("cargo's cache, where it stays: {}", path.display()), path });
        }
        let (settings, client) = self.network()?;
        let (pages, folders): (Vec<&String>, Vec<&String>) =
            settings.find_links.iter().partition(|place| place.starts_with("http:") || place.starts_with("https:"));
        let folders: Vec<PathBuf> =
            folders.into_iter().map(|place| local(place)).filter(|place| place.is_dir()).collect();
        let mut asked = vec![];
        match self.among(&folders, entry, wanted, watch)? {
            Ok(got) => return Ok(got),
            Err(near) => {
                let lacks = |folder: &PathBuf| format!("  {}: {} is not there{near}", folder.display(), wanted.archive);
                asked.extend(folders.iter().map(lacks));
            }
        }
        let earlier = home.downloads().join(&wanted.archive);
        if hash::of_file(&earlier).is_ok_and(|sum| sum == wanted.sha256) {
            return Ok(Got { from: format!("the download for another part, {}", wanted.archive), path: earlier });
        }
        if settings.no_index && pages.is_empty() {
            return Err(InstallError::NoIndex { archive: wanted.archive.clone() });
        }
        let indexes = if settings.no_index { &[][..] } else { &settings.indexes };
        let indexes = indexes.iter().map(|index| index::page(index, &entry.package));
        for page in pages.into_iter().cloned().chain(indexes) {
            let why = match self.from(client, &page, wanted, &home.downloads(), settings.retries, watch) {
                Ok(Some(got)) => return Ok(got),
                Ok(None) => format!("{}: {} is not there", url::shown(&page), wanted.archive),
                // Whatever one of them does, another may have the file, and its sum says whether it is that one.
                Err(why @ (InstallError::Http { .. } | InstallError::Hash { .. })) => why.to_string(),
                Err(why) => return Err(why),
            };
            asked.push(format!("  {}", why.replace('\n', "\n  ")));
        }
        Err(InstallError::NotInIndex { archive: wanted.archive.clone(), asked })
    }

    /// The archive from a page, if it is there.
    fn from(
        &self,
        client: &Client,
        page: &str,
        wanted: &Archive,
        folder: &Path,
        retries: u32,
        watch: &Watch,
    ) -> Result<Option<Got>, InstallError> {
        let Some(link) = self.link(client, page, wanted, retries, watch)? else { return Ok(None) };
        let path = download::file(client, &link.url, wanted, folder, retries, watch)?;
        Ok(Some(Got { from: url::shown(&link.url), path }))
    }

    fn network(&self) -> Result<&(Settings, Client), InstallError> {
        if let Some(known) = self.network.get() {
            return Ok(known);
        }
        let mut settings = match (Settings::ask_pip(), &self.index) {
            // Without pip there are no settings to honour, and with an index none are needed.
            (Err(_), Some(_)) => Settings::default(),
            (answer, _) => answer?,
        };
        if let Some(index) = &self.index {
            (settings.indexes, settings.no_index) = (vec![index.clone()], false);
        }
        let client = Client::new(&settings)?;
        Ok(self.network.get_or_init(|| (settings, client)))
    }

    /// Looks through folders; `Err` tells of one that comes near.
    fn among(
        &self,
        folders: &[PathBuf],
        entry: &Entry,
        wanted: &Archive,
        watch: &Watch,
    ) -> Result<Result<Got, String>, InstallError> {
        let mut near = String::new();
        for folder in folders {
            match folder::find(folder, entry, wanted, watch)? {
                Found::This(path) => return Ok(Ok(Got { from: path.display().to_string(), path })),
                Found::Other(name) => near = format!("; {name} is, but the files in it are not those that are pinned"),
                Found::Nothing => {}
            }
        }
        Ok(Err(near))
    }

    /// The archive on a page, if it is there.
    fn link(
        &self,
        client: &Client,
        page: &str,
        wanted: &Archive,
        retries: u32,
        watch: &Watch,
    ) -> Result<Option<index::Link>, InstallError> {
        let links = download::page(client, page, retries, watch)?;
        let link = links.into_iter().find(|link| link.name == wanted.archive);
        match link.as_ref().and_then(|link| link.sha256.as_ref()) {
            Some(sum) if *sum != wanted.sha256 => Err(InstallError::Hash {
                what: format!("{}, as {} offers it,", wanted.archive, url::shown(page)),
                expected: wanted.sha256.clone(),
                got: sum.clone(),
                help: "nothing was fetched; ask whoever runs that index, or name another: --index URL".into(),
            }),
            _ => Ok(link),
        }
    }
}

/// A folder among pip's find-links.
fn local(place: &str) -> PathBuf {
    match place.strip_prefix("file://") {
        Some(path) => PathBuf::from(url::decode(path)),
        None => match (place.strip_prefix("~/"), std::env::home_dir()) {
            (Some(path), Some(home)) => home.join(path),
            _ => Path::new(place).into(),
        },
    }
}
