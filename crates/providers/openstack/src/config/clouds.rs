//! Finding a cloud the way OpenStack's own clients do: `clouds.yaml` with `secure.yaml` and `clouds-public.yaml`, or
//! `OS_*` variables.
//!
//! Values are read as the text that was written: a project id of digits must not become a number and lose some.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use stocktake_provider::{Configuration, Secret};

use super::environment::Environment;
use super::form::is_secret;

/// A cloud that was found, and where.
#[derive(Debug)]
pub struct FoundCloud {
    /// Its name in the file; none when the variables alone describe it.
    pub name: Option<String>,
    /// The file it stands in.
    pub file: Option<PathBuf>,
    pub configuration: Configuration,
}

#[derive(Debug, thiserror::Error)]
pub enum CloudsError {
    #[error("{path}: cannot be read: {cause}; check the path and its permissions")]
    Unreadable { path: String, cause: std::io::Error },
    #[error("{path}: {cause}; correct the file")]
    Malformed { path: String, cause: String },
    #[error("cloud '{name}' is not in {path}; it knows {known}")]
    UnknownCloud { name: String, path: String, known: String },
    #[error("cloud '{name}' in {path}: profile '{profile}' is not in {searched}; put it there, or write its settings out")]
    UnknownProfile { name: String, path: String, profile: String, searched: String },
    #[error("cloud '{name}' was asked for, but there is no clouds.yaml; looked for {searched}")]
    NoFile { name: String, searched: String },
    #[error("{path} holds several clouds ({known}); choose one by its name or with OS_CLOUD")]
    Ambiguous { path: String, known: String },
    #[error("no cloud is described; set OS_AUTH_URL and its like, or write a clouds.yaml; looked for {searched}")]
    Nothing { searched: String },
}

type Settings = BTreeMap<&'static str, String>;

/// Finds the cloud of that name, or the one `OS_CLOUD` names, or the one `OS_AUTH_URL` describes, or the only one there is.
///
/// For a named cloud the files speak; variables only fill what they leave out.
pub fn find_cloud(env: &Environment, name: Option<&str>) -> Result<FoundCloud, CloudsError> {
    let variables = from_variables(env);
    let name = name.or_else(|| env.variable("OS_CLOUD"));
    if name.is_none() && variables.contains_key("auth_url") {
        return Ok(FoundCloud { name: None, file: None, configuration: split(variables) });
    }
    let Some((path, clouds)) = open(env, "OS_CLIENT_CONFIG_FILE", "clouds")? else {
        let searched = searched(env, "OS_CLIENT_CONFIG_FILE", "clouds");
        return Err(match name {
            Some(name) => CloudsError::NoFile { name: name.to_owned(), searched },
            None => CloudsError::Nothing { searched },
        });
    };
    let shown = path.display().to_string();
    let known = || clouds.clouds.keys().cloned().collect::<Vec<_>>().join(", ");
    let name = match name {
        Some(name) => name.to_owned(),
        None if clouds.clouds.len() == 1 => known(),
        None => return Err(CloudsError::Ambiguous { path: shown, known: known() }),
    };
    let Some(cloud) = clouds.clouds.get(&name) else {
        return Err(CloudsError::UnknownCloud { name, path: shown, known: known() });
    };
    let mut settings = variables;
    // A cloud in a file brings its own way of signing in; leftovers of another in the environment must not mix with it.
    settings.retain(|k, _| FILLS.contains(k));
    if let Some(profile) = cloud.profile.as_ref().or(cloud.cloud.as_ref()) {
        settings.extend(profile_settings(env, profile, &name, &shown)?);
    }
    settings.extend(cloud.settings());
    if let Some((_, secure)) = open(env, "OS_CLIENT_SECURE_FILE", "secure")?
        && let Some(more) = secure.clouds.get(&name)
    {
        settings.extend(more.settings());
    }
    Ok(FoundCloud { name: Some(name), file: Some(path), configuration: split(settings) })
}

/// Names of the clouds in the `clouds.yaml` that counts.
pub fn known_clouds(env: &Environment) -> Result<Vec<String>, CloudsError> {
    Ok(open(env, "OS_CLIENT_CONFIG_FILE", "clouds")?.map(|(_, f)| f.clouds.into_keys().collect()).unwrap_or_default())
}

/// Variables that may complete a cloud of a file.
const FILLS: [&str; 7] = ["region", "interface", "cacert", "insecure", "password", "application_credential_secret", "token"];

/// `OS_…` variables by setting. Of two for one setting the later counts.
const VARIABLES: [(&str, &str); 26] = [
    ("OS_AUTH_URL", "auth_url"),
    ("OS_AUTH_TYPE", "auth_type"),
    ("OS_USERNAME", "username"),
    ("OS_USER_ID", "user_id"),
    ("OS_PASSWORD", "password"),
    ("OS_USER_DOMAIN_NAME", "user_domain_name"),
    ("OS_USER_DOMAIN_ID", "user_domain_id"),
    ("OS_TENANT_NAME", "project_name"),
    ("OS_TENANT_ID", "project_id"),
    ("OS_PROJECT_NAME", "project_name"),
    ("OS_PROJECT_ID", "project_id"),
    ("OS_PROJECT_DOMAIN_NAME", "project_domain_name"),
    ("OS_PROJECT_DOMAIN_ID", "project_domain_id"),
    ("OS_DOMAIN_NAME", "domain_name"),
    ("OS_DOMAIN_ID", "domain_id"),
    ("OS_SYSTEM_SCOPE", "system_scope"),
    ("OS_APPLICATION_CREDENTIAL_ID", "application_credential_id"),
    ("OS_APPLICATION_CREDENTIAL_NAME", "application_credential_name"),
    ("OS_APPLICATION_CREDENTIAL_SECRET", "application_credential_secret"),
    ("OS_TOKEN", "token"),
    ("OS_AUTH_TOKEN", "token"),
    ("OS_REGION_NAME", "region"),
    ("OS_ENDPOINT_TYPE", "interface"),
    ("OS_INTERFACE", "interface"),
    ("OS_CACERT", "cacert"),
    ("OS_INSECURE", "insecure"),
];

fn from_variables(env: &Environment) -> Settings {
    let set = |(variable, setting): (&str, &'static str)| Some((setting, env.variable(variable)?.to_owned()));
    VARIABLES.into_iter().filter_map(set).collect()
}

/// A `clouds.yaml`, or the `secure.yaml` that completes it.
#[derive(Debug, Default, Deserialize)]
struct File {
    #[serde(default)]
    clouds: BTreeMap<String, Cloud>,
    #[serde(default, rename = "public-clouds")]
    public_clouds: BTreeMap<String, Cloud>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cloud {
    profile: Option<String>,
    /// Older name of `profile`.
    cloud: Option<String>,
    auth: BTreeMap<String, Option<String>>,
    auth_type: Option<String>,
    region_name: Option<String>,
    regions: Vec<Region>,
    endpoint_type: Option<String>,
    interface: Option<String>,
    cacert: Option<String>,
    verify: Option<String>,
    insecure: Option<String>,
    identity_endpoint_override: Option<String>,
    compute_endpoint_override: Option<String>,
    network_endpoint_override: Option<String>,
    image_endpoint_override: Option<String>,
    volume_endpoint_override: Option<String>,
    block_storage_endpoint_override: Option<String>,
    orchestration_endpoint_override: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Region {
    Name(String),
    Values { name: String },
}

impl Cloud {
    fn settings(&self) -> Settings {
        let verify = self.verify.as_deref().map(|v| if is_false(v) { "true" } else { "false" }.to_owned());
        let first_region = self.regions.first().map(|(Region::Name(name) | Region::Values { name })| name.clone());
        let plain = [
            ("auth_type", self.auth_type.clone()),
            ("region", first_region),
            ("region", self.region_name.clone()),
            ("interface", self.endpoint_type.clone()),
            ("interface", self.interface.clone()),
            ("cacert", self.cacert.clone()),
            ("insecure", verify),
            ("insecure", self.insecure.clone()),
            ("identity_endpoint", self.identity_endpoint_override.clone()),
            ("compute_endpoint", self.compute_endpoint_override.clone()),
            ("network_endpoint", self.network_endpoint_override.clone()),
            ("image_endpoint", self.image_endpoint_override.clone()),
            ("volume_endpoint", self.volume_endpoint_override.clone()),
            ("volume_endpoint", self.block_storage_endpoint_override.clone()),
            ("orchestration_endpoint", self.orchestration_endpoint_override.clone()),
        ];
        // Under `auth` the names are those of the variables, in lower case and without OS_.
        let auth = VARIABLES.iter().filter_map(|(variable, setting)| {
            let key = variable.strip_prefix("OS_")?.to_ascii_lowercase();
            Some((*setting, self.auth.get(&key).cloned()?))
        });
        plain.into_iter().chain(auth).filter_map(|(k, v)| Some((k, v.filter(|v| !v.is_empty())?))).collect()
    }
}

fn is_false(text: &str) -> bool {
    ["false", "no", "off", "0"].iter().any(|f| f.eq_ignore_ascii_case(text))
}

fn profile_settings(env: &Environment, profile: &str, name: &str, path: &str) -> Result<Settings, CloudsError> {
    let found = open(env, "OS_CLIENT_VENDOR_FILE", "clouds-public")?;
    found.as_ref().and_then(|(_, f)| f.public_clouds.get(profile)).map(Cloud::settings).ok_or_else(|| {
        CloudsError::UnknownProfile {
            name: name.to_owned(),
            path: path.to_owned(),
            profile: profile.to_owned(),
            searched: searched(env, "OS_CLIENT_VENDOR_FILE", "clouds-public"),
        }
    })
}

fn open(env: &Environment, variable: &str, stem: &str) -> Result<Option<(PathBuf, File)>, CloudsError> {
    let Some(path) = env.candidates(variable, stem).into_iter().find(|p| p.is_file()) else { return Ok(None) };
    let file = parse(&path)?;
    Ok(Some((path, file)))
}

fn parse(path: &Path) -> Result<File, CloudsError> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|cause| CloudsError::Unreadable { path: shown.clone(), cause })?;
    // An empty file is an empty document; JSON is YAML. The parser's quotation of the place is left out: it may hold a password.
    let parsed = serde_saphyr::from_str::<Option<File>>(&text).map_err(|e| place(&e));
    parsed.map(Option::unwrap_or_default).map_err(|cause| CloudsError::Malformed { path: shown, cause })
}

fn place(error: &serde_saphyr::Error) -> String {
    let what = error.without_snippet().to_string();
    what.lines().next().unwrap_or("not valid YAML").to_owned()
}

fn searched(env: &Environment, variable: &str, stem: &str) -> String {
    let yaml = env.candidates(variable, stem).into_iter().filter(|p| p.extension().is_none_or(|e| e == "yaml"));
    yaml.map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn split(settings: Settings) -> Configuration {
    let mut configuration = Configuration::default();
    for (name, value) in settings {
        if is_secret(name) {
            configuration.secrets.insert(name.to_owned(), Secret::from(value));
        } else {
            configuration.settings.insert(name.to_owned(), value);
        }
    }
    configuration
}
