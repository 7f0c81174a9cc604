//! Secrets at rest: sealed under keys that have ids, so that keys can be added, changed and lost.

use std::{fs, io, os::unix::fs::OpenOptionsExt, path::Path, sync::Arc};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest::{SHA256, digest},
    hkdf,
    rand::{SecureRandom, SystemRandom},
};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;
const HEADER: &str = "# Quarterdeck's keys: what they seal cannot be read without them. Back this file up, apart from the database.\n\
                      # The first line seals; the others only open what was sealed before.\n";

/// The keys of this installation; the first seals, all of them open.
#[derive(Clone)]
pub struct Keyring(Arc<Vec<Key>>);

struct Key {
    id: String,
    cipher: LessSafeKey,
}

#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    #[error("the file of keys {path} cannot be read or made")]
    File {
        path: String,
        #[source]
        source: io::Error,
    },
    #[error(
        "line {line} of the file of keys {path} is no key: an id, a space, and 32 bytes in base64"
    )]
    Line { path: String, line: usize },
    #[error("the secret that keys are made of must have at least 16 characters")]
    TooShort,
    #[error("the system gave no random bytes")]
    NoRandom,
}

/// Why something sealed stays closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error(
        "it was sealed with the key `{0}`, which is not in the keyring; put the key back, or enter the secret anew"
    )]
    UnknownKey(String),
    #[error("it was changed, or sealed for something else; enter the secret anew")]
    Broken,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_list().entries(self.ids()).finish()
    }
}

impl Keyring {
    /// Reads the file, or makes it with one new key; true where it was made.
    pub fn open_or_make(path: &Path) -> Result<(Self, bool), KeyringError> {
        match fs::read_to_string(path) {
            Ok(text) => Ok((Self::parse(&text, path)?, false)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                add_to_file(path)?;
                let text = fs::read_to_string(path).map_err(|source| unreadable(path, source))?;
                Ok((Self::parse(&text, path)?, true))
            }
            Err(source) => Err(unreadable(path, source)),
        }
    }

    /// Derives a key from each of the comma-separated secrets; the first seals.
    pub fn of_secrets(secrets: &SecretString) -> Result<Self, KeyringError> {
        let keys = secrets.expose_secret().split(',').map(|secret| {
            let secret = secret.trim();
            if secret.chars().count() < 16 {
                return Err(KeyringError::TooShort);
            }
            let bytes = derive(secret.as_bytes(), b"quarterdeck sealing")?;
            Key::new(&bytes)
        });
        Ok(Self(Arc::new(keys.collect::<Result<_, _>>()?)))
    }

    fn parse(text: &str, path: &Path) -> Result<Self, KeyringError> {
        let lines = text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        let keys = lines.map(|(index, line)| {
            let bad = || KeyringError::Line { path: path.display().to_string(), line: index + 1 };
            let (_, encoded) = line.trim().split_once(' ').ok_or_else(bad)?;
            let bytes =
                Zeroizing::new(STANDARD.decode(encoded.trim()).map_err(|_not_base64| bad())?);
            let bytes: Zeroizing<[u8; KEY_BYTES]> =
                Zeroizing::new(bytes.as_slice().try_into().map_err(|_wrong_length| bad())?);
            Key::new(&bytes)
        });
        let keys: Vec<_> = keys.collect::<Result<_, _>>()?;
        if keys.is_empty() {
            return Err(KeyringError::Line { path: path.display().to_string(), line: 1 });
        }
        Ok(Self(Arc::new(keys)))
    }

    /// The ids, that of the sealing key first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|key| key.id.as_str())
    }

    /// Seals a secret for one place: what is sealed for another one does not open there.
    pub fn seal(&self, place: &str, secret: &[u8]) -> Result<String, KeyringError> {
        let Some(key) = self.0.first() else { return Err(KeyringError::NoRandom) };
        let mut nonce = [0_u8; NONCE_LEN];
        fill(&mut nonce)?;
        let mut sealed = secret.to_vec();
        key.cipher
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.as_bytes()),
                &mut sealed,
            )
            .or(Err(KeyringError::NoRandom))?;
        let bytes = [nonce.as_slice(), &sealed].concat();
        Ok(format!("{}.{}", key.id, STANDARD.encode(bytes)))
    }

    /// Opens what was sealed for the place.
    pub fn open(&self, place: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (id, encoded) = sealed.split_once('.').ok_or(OpenError::Broken)?;
        let key = self
            .0
            .iter()
            .find(|key| key.id == id)
            .ok_or_else(|| OpenError::UnknownKey(id.to_owned()))?;
        let bytes = STANDARD.decode(encoded).or(Err(OpenError::Broken))?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN).ok_or(OpenError::Broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).or(Err(OpenError::Broken))?;
        let mut sealed = Zeroizing::new(sealed.to_vec());
        let length = key
            .cipher
            .open_in_place(nonce, Aad::from(place.as_bytes()), &mut sealed)
            .or(Err(OpenError::Broken))?
            .len();
        sealed.truncate(length);
        Ok(sealed)
    }

    /// The same as text.
    pub fn open_text(&self, place: &str, sealed: &str) -> Result<SecretString, OpenError> {
        let bytes = self.open(place, sealed)?;
        std::str::from_utf8(&bytes).map(SecretString::from).or(Err(OpenError::Broken))
    }

    /// Whether it was sealed with the key that seals now.
    pub fn is_current(&self, sealed: &str) -> bool {
        self.ids()
            .next()
            .zip(sealed.split_once('.'))
            .is_some_and(|(current, (id, _))| current == id)
    }
}

impl Key {
    fn new(bytes: &[u8; KEY_BYTES]) -> Result<Self, KeyringError> {
        let key = UnboundKey::new(&AES_256_GCM, bytes).or(Err(KeyringError::NoRandom))?;
        Ok(Self { id: id_of(bytes), cipher: LessSafeKey::new(key) })
    }
}

/// The id tells keys apart and nothing of the key.
fn id_of(key: &[u8; KEY_BYTES]) -> String {
    let hash = digest(&SHA256, &[b"quarterdeck key id ".as_slice(), key].concat());
    URL_SAFE_NO_PAD.encode(hash.as_ref().get(..6).unwrap_or_default())
}

/// 32 bytes for a purpose, from a text of any length (HKDF with SHA-256, RFC 5869).
pub fn derive(secret: &[u8], purpose: &[u8]) -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyringError> {
    struct Length;
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            KEY_BYTES
        }
    }
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    let pseudo_random = hkdf::Salt::new(hkdf::HKDF_SHA256, b"quarterdeck").extract(secret);
    let filled =
        pseudo_random.expand(&[purpose], Length).and_then(|key| key.fill(bytes.as_mut_slice()));
    filled.or(Err(KeyringError::NoRandom))?;
    Ok(bytes)
}

/// Puts a new key in front of the file's others; it seals from the next start on.
pub fn add_to_file(path: &Path) -> Result<String, KeyringError> {
    let mut bytes = Zeroizing::new([0_u8; KEY_BYTES]);
    fill(bytes.as_mut_slice())?;
    let id = id_of(&bytes);
    let others = read_lines(path)?;
    write_lines(path, std::iter::once(format!("{id} {}", STANDARD.encode(*bytes))).chain(others))?;
    Ok(id)
}

/// Takes a key out of the file; false where it is not there.
pub fn retire_from_file(path: &Path, id: &str) -> Result<bool, KeyringError> {
    let lines = read_lines(path)?;
    let rest: Vec<_> =
        lines.iter().filter(|line| line.split(' ').next() != Some(id)).cloned().collect();
    if rest.len() == lines.len() || rest.is_empty() {
        return Ok(false);
    }
    write_lines(path, rest.into_iter())?;
    Ok(true)
}

fn read_lines(path: &Path) -> Result<Vec<String>, KeyringError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text
            .lines()
            .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
            .map(str::to_owned)
            .collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(unreadable(path, source)),
    }
}

/// Written aside and renamed: a full disk leaves the old keys.
fn write_lines(path: &Path, lines: impl Iterator<Item = String>) -> Result<(), KeyringError> {
    let text = lines.fold(HEADER.to_owned(), |text, line| text + &line + "\n");
    let aside = path.with_extension("new");
    let write = || {
        let mut file = fs::OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&aside)?;
        io::Write::write_all(&mut file, text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&aside, path)
    };
    write().map_err(|source| unreadable(path, source))
}

fn unreadable(path: &Path, source: io::Error) -> KeyringError {
    KeyringError::File { path: path.display().to_string(), source }
}

fn fill(bytes: &mut [u8]) -> Result<(), KeyringError> {
    SystemRandom::new().fill(bytes).or(Err(KeyringError::NoRandom))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn keyring(secrets: &str) -> Keyring {
        Keyring::of_secrets(&secrets.to_owned().into()).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let keys = keyring("a secret of some length");

        let sealed = keys.seal("github.secret", b"hush").unwrap();

        assert_eq!(keys.open("github.secret", &sealed).unwrap().as_slice(), b"hush");
        assert_eq!(keys.open("oidc.secret", &sealed), Err(OpenError::Broken));
        assert!(!sealed.contains("hush"));
        assert_ne!(
            sealed,
            keys.seal("github.secret", b"hush").unwrap(),
            "each has a nonce of its own"
        );
    }

    #[test]
    fn a_changed_text_does_not_open() {
        let keys = keyring("a secret of some length");
        let sealed = keys.seal("x", b"hush").unwrap();
        let changed = sealed.replace(sealed.chars().last().unwrap(), "A");

        for text in
            [changed.as_str(), "", "nothing", &format!("{}.AAAA", keys.ids().next().unwrap())]
        {
            assert_eq!(keys.open("x", text).unwrap_err(), OpenError::Broken, "{text}");
        }
    }

    #[test]
    fn an_old_key_opens_and_a_lost_one_is_named() {
        let old = keyring("the old secret of 2025");
        let sealed = old.seal("x", b"hush").unwrap();

        let both = keyring("the new secret of 2026, the old secret of 2025");
        assert_eq!(both.open("x", &sealed).unwrap().as_slice(), b"hush");
        assert!(!both.is_current(&sealed));
        assert!(both.is_current(&both.seal("x", b"hush").unwrap()));

        let id = old.ids().next().unwrap().to_owned();
        assert_eq!(
            keyring("the new secret of 2026").open("x", &sealed),
            Err(OpenError::UnknownKey(id))
        );
    }

    #[test]
    fn the_file_is_made_for_its_owner_alone_and_keys_are_added_and_retired() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys");

        let (first, made) = Keyring::open_or_make(&path).unwrap();
        assert!(made);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let sealed = first.seal("x", b"hush").unwrap();
        let old = first.ids().next().unwrap().to_owned();

        let new = add_to_file(&path).unwrap();
        let (second, made) = Keyring::open_or_make(&path).unwrap();
        assert!(!made);
        assert_eq!(second.ids().collect::<Vec<_>>(), [new.as_str(), old.as_str()]);
        assert_eq!(second.open("x", &sealed).unwrap().as_slice(), b"hush");

        assert!(retire_from_file(&path, &old).unwrap());
        assert!(!retire_from_file(&path, &new).unwrap(), "the last key stays");
        let (third, _) = Keyring::open_or_make(&path).unwrap();
        assert_eq!(third.open("x", &sealed), Err(OpenError::UnknownKey(old)));
    }

    #[test]
    fn a_file_that_holds_no_keys_is_refused_with_its_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys");
        for text in ["", "# only words\n", "abc\n", "abc notbase64!\n", "abc QUJD\n"] {
            fs::write(&path, text).unwrap();
            assert!(
                matches!(Keyring::open_or_make(&path), Err(KeyringError::Line { line: 1, .. })),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert!(matches!(
            Keyring::of_secrets(&"short".to_owned().into()),
            Err(KeyringError::TooShort)
        ));
    }
}
