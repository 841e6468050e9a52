//! A bucket of an S3-compatible store, addressed by path, with requests signed as AWS's "Signature Version 4" says.
//!
//! Large files go in parts, so that little is held in memory. It must never show its key, nor follow a redirect with it.

use crate::backup::Sealed;
use crate::clock::Clock;
use anyhow::{Context as _, bail, ensure};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, Method, Url};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::Read as _;
use std::time::Duration;

/// A part's size; the least that stores take is 5 MiB, and the most parts 10,000: so a file may have 160 GB.
const PART: usize = 16 << 20;
/// How long a part may take.
const LIMIT: Duration = Duration::from_secs(600);

/// A bucket.
pub struct Bucket {
    /// Its name in the back-up file.
    pub name: String,
    endpoint: Url,
    bucket: String,
    prefix: String,
    region: String,
    access_key: String,
    secret: String,
    client: Client,
    clock: Clock,
}

impl std::fmt::Debug for Bucket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bucket").field("name", &self.name).field("bucket", &self.bucket).finish_non_exhaustive()
    }
}

impl Bucket {
    /// A bucket of the store at an address.
    ///
    /// # Errors
    /// When the address isn't one.
    pub fn new(
        name: String,
        endpoint: &str,
        bucket: String,
        prefix: String,
        region: String,
        access_key: String,
        secret: String,
    ) -> anyhow::Result<Self> {
        let endpoint = Url::parse(endpoint).with_context(|| format!("endpoint {endpoint:?} is not a URL"))?;
        ensure!(endpoint.scheme() == "https" || endpoint.scheme() == "http", "endpoint {endpoint} is neither https nor http");
        let client = Client::builder().timeout(LIMIT).redirect(reqwest::redirect::Policy::none()).build()?;
        // Stores refuse signatures of another time than theirs, which is the real one.
        Ok(Self { name, endpoint, bucket, prefix, region, access_key, secret, client, clock: Clock::real() })
    }

    pub(super) async fn put(&self, sealed: &Sealed) -> anyhow::Result<()> {
        // The sums come last: a back-up without them isn't one.
        for file in ["database.dump", "manifest.json", "SHA256SUMS"] {
            let path = sealed.folder.join(file);
            let key = self.key(&format!("{}/{file}", sealed.name()));
            let mut source = std::fs::File::open(&path).with_context(|| format!("can't read {}", path.display()))?;
            let bytes = source.metadata()?.len();
            if bytes <= PART as u64 {
                let mut body = Vec::new();
                source.read_to_end(&mut body)?;
                self.request(Method::PUT, &key, &[], body).await?;
            } else {
                self.put_parts(&key, &mut source).await?;
            }
            let head = self.request(Method::HEAD, &key, &[], Vec::new()).await?;
            let there = head.headers().get("content-length").and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
            ensure!(there == Some(bytes), "{file} is not whole in the bucket {}; it has to have {bytes} bytes", self.bucket);
        }
        Ok(())
    }

    async fn put_parts(&self, key: &str, source: &mut std::fs::File) -> anyhow::Result<()> {
        let begun = self.request(Method::POST, key, &[("uploads", "")], Vec::new()).await?.text().await?;
        let upload = between(&begun, "<UploadId>", "</UploadId>").next().context("the store names no upload")?.to_owned();
        let mut parts = String::new();
        for number in 1_u32.. {
            let mut body = Vec::with_capacity(PART);
            source.by_ref().take(PART as u64).read_to_end(&mut body)?;
            if body.is_empty() {
                break;
            }
            let query = [("partNumber", number.to_string()), ("uploadId", upload.clone())];
            let query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let answer = self.request(Method::PUT, key, &query, body).await?;
            let tag = answer.headers().get("etag").and_then(|tag| tag.to_str().ok()).context("the store gives a part no tag")?;
            let _ = write!(parts, "<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>");
        }
        let body = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>").into_bytes();
        let ended = self.request(Method::POST, key, &[("uploadId", &upload)], body).await?.text().await?;
        // A store may find a fault after it has begun to answer 200.
        ensure!(!ended.contains("<Error>"), "the store could not put the parts together");
        Ok(())
    }

    pub(super) async fn names(&self) -> anyhow::Result<Vec<String>> {
        let prefix = self.key("taydo-");
        let (mut names, mut token) = (Vec::new(), None::<String>);
        loop {
            let mut query = vec![("delimiter", "/"), ("list-type", "2"), ("prefix", prefix.as_str())];
            if let Some(token) = &token {
                query.insert(0, ("continuation-token", token));
            }
            let listed = self.request(Method::GET, "", &query, Vec::new()).await?.text().await?;
            for group in between(&listed, "<CommonPrefixes>", "</CommonPrefixes>") {
                let name = between(group, "<Prefix>", "</Prefix>").next().unwrap_or_default().trim_end_matches('/');
                names.extend(name.rsplit('/').next().map(str::to_owned));
            }
            token = between(&listed, "<NextContinuationToken>", "</NextContinuationToken>").next().map(str::to_owned);
            if token.is_none() {
                return Ok(names);
            }
        }
    }

    pub(super) async fn remove(&self, name: &str) -> anyhow::Result<()> {
        // The sums first: what is left is then no back-up any more.
        for file in ["SHA256SUMS", "manifest.json", "database.dump"] {
            self.request(Method::DELETE, &self.key(&format!("{name}/{file}")), &[], Vec::new()).await?;
        }
        Ok(())
    }

    fn key(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}/{name}", self.prefix) }
    }

    /// Sends a signed request; an answer that isn't a success is an error with the store's own words. `query` is in the order of its names.
    async fn request(&self, method: Method, key: &str, query: &[(&str, &str)], body: Vec<u8>) -> anyhow::Result<reqwest::Response> {
        let path = format!("{}/{}/{}", self.endpoint.path().trim_end_matches('/'), encoded(&self.bucket, false), encoded(key, true));
        let path = path.trim_end_matches('/').to_owned();
        let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{}={}", encoded(name, false), encoded(value, false))).collect();
        let query = pairs.join("&");
        let mut url = self.endpoint.clone();
        url.set_path(&path);
        url.set_query((!query.is_empty()).then_some(&query));
        let host = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (host, _) => host.unwrap_or_default().to_owned(),
        };
        let time = self.clock.now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let sum = hex(&Sha256::digest(&body));
        let authorization = self.signature(&method, &path, &query, &host, &sum, &time);
        let request = self.client.request(method, url).header("x-amz-date", time).header("x-amz-content-sha256", sum);
        let answer = request.header("authorization", authorization).body(body).send().await.map_err(reqwest::Error::without_url)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let text = answer.text().await.unwrap_or_default();
        let said = between(&text, "<Message>", "</Message>").next().or(between(&text, "<Code>", "</Code>").next()).unwrap_or_default();
        bail!("the store answers {status} for the bucket {}: {}", self.bucket, said.chars().take(200).collect::<String>())
    }

    /// The header `Authorization`: docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html.
    fn signature(&self, method: &Method, path: &str, query: &str, host: &str, sum: &str, time: &str) -> String {
        let signed = "host;x-amz-content-sha256;x-amz-date";
        let canonical = format!("{method}\n{path}\n{query}\nhost:{host}\nx-amz-content-sha256:{sum}\nx-amz-date:{time}\n\n{signed}\n{sum}");
        let day: String = time.chars().take(8).collect();
        let scope = format!("{day}/{}/s3/aws4_request", self.region);
        let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&Sha256::digest(canonical.as_bytes())));
        let mut key = format!("AWS4{}", self.secret).into_bytes();
        for part in [day.as_str(), self.region.as_str(), "s3", "aws4_request"] {
            key = keyed(&key, part);
        }
        let signature = hex(&keyed(&key, &text));
        format!("AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={signed}, Signature={signature}", self.access_key)
    }
}

fn keyed(key: &[u8], text: &str) -> Vec<u8> {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Everything but letters, digits and `-._~` as `%XX`; slashes stay in a path.
fn encoded(text: &str, is_path: bool) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (is_path && byte == b'/') {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// The texts between two marks, in their order. Names and tags of ours have nothing that XML would write otherwise.
fn between<'t>(text: &'t str, from: &'t str, to: &'t str) -> impl Iterator<Item = &'t str> {
    text.split(from).skip(1).filter_map(move |rest| rest.split_once(to).map(|(found, _)| found))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example "GET Bucket (List Objects)" of the document that `signature` names, which has these headers alone.
    #[test]
    fn a_signature_is_as_the_documentation_reckons_it() {
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned();
        let bucket =
            Bucket::new("b".into(), "https://x", "b".into(), String::new(), "us-east-1".into(), "AKIAIOSFODNN7EXAMPLE".into(), secret)
                .unwrap();
        let empty = hex(&Sha256::digest(b""));
        let authorization =
            bucket.signature(&Method::GET, "/", "max-keys=2&prefix=J", "examplebucket.s3.amazonaws.com", &empty, "20130524T000000Z");
        let expected = "Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7";
        assert!(authorization.ends_with(expected), "{authorization}");
    }
}
