//! Back-ups on other machines: over SSH to a real OpenSSH server, and in parts to an S3-compatible store.

use crate::tool::taydo;
use crate::{centre, lines, sql};
use harness::{eventually, free_port};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

/// An SSH server of the test's own; it is killed when dropped.
struct SshServer {
    folder: tempfile::TempDir,
    port: u16,
    user: String,
    process: Child,
}

impl Drop for SshServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn key(file: &Path) {
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(file).status().unwrap();
    assert!(made.success());
}

impl SshServer {
    /// One that takes the user of this process by a key; `None`, and said so, where there is no such program.
    async fn start() -> Option<Self> {
        let Some(program) = std::env::var_os("TAYDO_SSHD").map(PathBuf::from) else {
            println!("not covered: back-ups over SSH, because there is no sshd");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["host", "other_host", "backup"] {
            key(&at(name));
        }
        fs::copy(at("backup.pub"), at("authorized")).unwrap();
        fs::create_dir(at("shelf")).unwrap();
        let user = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap().trim().to_owned();
        if user == "root" {
            // Where it locks itself in before a user is known; a service would have made it.
            fs::DirBuilder::new().recursive(true).mode(0o755).create("/run/sshd").unwrap();
        }
        let port = free_port();
        let config = format!(
            "ListenAddress 127.0.0.1\nPort {port}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM no\n\
            PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\n",
            at("host").display(),
            at("authorized").display()
        );
        fs::write(at("config"), config).unwrap();
        let log = fs::File::create(at("log")).unwrap();
        let process = Command::new(program).args(["-D", "-e", "-f"]).arg(at("config")).stderr(log).spawn().unwrap();
        let server = Self { folder, port, user, process };
        eventually("the SSH server listens", Duration::from_secs(20), || async {
            tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await;
        Some(server)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the file by which clients know this server: by the key of `host`.
    fn known_by(&self, host: &str) {
        let public = fs::read_to_string(self.at(&format!("{host}.pub"))).unwrap();
        fs::write(self.at("known_hosts"), format!("[127.0.0.1]:{} {public}", self.port)).unwrap();
    }

    fn target(&self) -> String {
        format!(
            "[[ssh]]\nname = \"second-house\"\nhost = \"127.0.0.1\"\nport = {}\nuser = \"{}\"\npath = \"{}\"\nidentity_file = \"{}\"\nknown_hosts_file = \"{}\"\n",
            self.port,
            self.user,
            self.at("shelf").display(),
            self.at("backup").display(),
            self.at("known_hosts").display()
        )
    }
}

/// The one back-up below a folder.
fn only(folder: &Path) -> PathBuf {
    let found: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [one] = found.as_slice() else { panic!("not one back-up, but {found:?}") };
    one.clone()
}

/// Runs a centre with these targets until its first back-up is on all of them, or until one of them has failed, which is returned.
async fn outcome(data: &Path, targets: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backups.toml");
    fs::write(&file, format!("format_version = 1\nat = \"02:30\"\nalert_after_h = 36\n{targets}")).unwrap();
    let mut server = centre(data, &["--backups", file.to_str().unwrap()]).await;
    let failure = eventually("a back-up is good, or failed", Duration::from_secs(120), || async {
        let metrics = server.get("/metrics").await.body.as_str().unwrap_or_default().to_owned();
        if metrics.contains("taydo_backup_failing 1") {
            return Some(Some(server.get("/readyz").await.body["warnings"].to_string()));
        }
        metrics.contains("taydo_backup_age_seconds").then_some(None)
    })
    .await;
    assert_eq!(server.stop().await, Some(0));
    failure
}

/// A centre's data folder with something in it.
async fn with_data() -> tempfile::TempDir {
    let data = tempfile::tempdir().unwrap();
    let mut server = centre(data.path(), &[]).await;
    assert_eq!(server.write_lines("lines", &lines(0)).await.status, 204);
    assert_eq!(server.stop().await, Some(0));
    data
}

async fn restores(folder: &Path) {
    let other = tempfile::tempdir().unwrap();
    let restored = taydo(other.path(), &["restore", folder.to_str().unwrap()]).await;
    assert_eq!(restored.code, Some(0), "{restored:?}");
}

#[tokio::test]
async fn a_backup_goes_over_ssh_only_to_the_host_whose_key_is_known() {
    let Some(ssh) = SshServer::start().await else { return };
    let (stranger, friend) = (with_data().await, with_data().await);
    ssh.known_by("other_host");
    let failure = outcome(stranger.path(), &ssh.target()).await.expect("a host with another key gets nothing");
    assert!(failure.contains("second-house") && failure.contains("Host key verification failed"), "{failure}");
    assert_eq!(fs::read_dir(ssh.at("shelf")).unwrap().count(), 0);

    ssh.known_by("host");
    let failure = outcome(friend.path(), &ssh.target()).await;
    assert_eq!(failure, None, "{}", fs::read_to_string(ssh.at("log")).unwrap());
    let copy = only(&ssh.at("shelf"));
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o700);
    restores(&copy).await;
}

/// Serves a folder's folders as buckets until the test ends.
async fn store(root: &Path) -> String {
    let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(root).unwrap());
    service.set_auth(SimpleAuth::from_single("taydo", "a secret"));
    let service = service.build();
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let service = service.clone();
            tokio::spawn(async move { Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), service).await });
        }
    });
    format!("http://{address}")
}

#[tokio::test]
async fn a_backup_of_several_parts_goes_to_a_store_that_knows_the_secret() {
    let (data, root, secrets) = (with_data().await, tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::create_dir(root.path().join("ioc")).unwrap();
    let endpoint = store(root.path()).await;
    let target = |secret: &str| {
        let file = secrets.path().join("secret");
        fs::write(&file, secret).unwrap();
        format!(
            "[[s3]]\nname = \"vault\"\nendpoint = \"{endpoint}\"\nbucket = \"ioc\"\nprefix = \"can-tho\"\naccess_key = \"taydo\"\nsecret_key_file = \"{}\"\n",
            file.display()
        )
    };
    let stranger = with_data().await;
    let failure = outcome(stranger.path(), &target("another secret")).await.expect("who doesn't know the secret may store nothing");
    assert!(failure.contains("vault") && !failure.contains("another secret"), "{failure}");

    // More than a part holds, also when it is compressed.
    let mut server = centre(data.path(), &[]).await;
    let noise = "INSERT INTO definition_set (hash, loaded_at, files) SELECT 'noise ' || n, '2026-01-01', \
        jsonb_build_object('noise', (SELECT string_agg(md5(random()::text || n || m), '') FROM generate_series(1, 32000) AS m)) FROM generate_series(1, 40) AS n";
    sql(data.path()).await.execute(noise, &[]).await.unwrap();
    assert_eq!(server.stop().await, Some(0));
    assert_eq!(outcome(data.path(), &target("a secret")).await, None);
    let copy = only(&root.path().join("ioc/can-tho"));
    let bytes = fs::metadata(copy.join("database.dump")).unwrap().len();
    assert!(bytes > 16 << 20, "{bytes} bytes are one part");
    restores(&copy).await;
}
