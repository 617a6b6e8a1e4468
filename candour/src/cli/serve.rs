use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::site::{Asked, Site};

use super::{In, report};

/// Serve the site on this machine
#[derive(clap::Args)]
#[command(after_help = "Example: candour serve -w my-audit --port 8650")]
pub(super) struct Serve {
    /// Port on this machine; 0 takes any that is free
    #[arg(long, default_value_t = 8650)]
    port: u16,
    #[command(flatten)]
    workspace: In,
}

impl Serve {
    pub(super) fn run(self, out: &mut impl Write) -> Result<ExitCode> {
        let site = Site::load(self.workspace.open()?)?;
        report(&site.findings());
        serve(out, site, self.port)
    }
}

/// Serves until interrupted. Only this machine can reach it: putting a register on the internet is what `publish` is for.
pub(super) fn serve(out: &mut impl Write, site: Site, port: u16) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = tokio::net::TcpListener::bind(address).await.with_context(|| {
            format!("port {port} cannot be used; give another with --port, or --port 0 for any")
        })?;
        writeln!(out, "Serving at http://{}/ (Ctrl+C stops it)", listener.local_addr()?)?;
        out.flush()?;
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::new(site))
            .layer(CompressionLayer::new().gzip(true))
            .layer(CatchPanicLayer::new());
        axum::serve(listener, router)
            .with_graceful_shutdown(async {
                // Without a signal handler there is nothing to wait for, and the process ends as processes do.
                let _ = tokio::signal::ctrl_c().await;
            })
            .await?;
        Ok(ExitCode::SUCCESS)
    })
}

#[derive(serde::Deserialize)]
struct Form {
    q: Option<String>,
    date: Option<String>,
}

async fn answer(
    State(site): State<Arc<Site>>,
    uri: Uri,
    Query(form): Query<Form>,
    headers: HeaderMap,
) -> Response {
    let path = uri.path().to_owned();
    let asked = Asked { q: form.q, date: form.date, without_dated_views: false };
    // Pages read the database, which blocks; the threads that accept connections must not.
    let made = tokio::task::spawn_blocking(move || site.page(&path, &asked)).await;
    let page = match made {
        Ok(Ok(page)) => page,
        Ok(Err(error)) => {
            return (StatusCode::INTERNAL_SERVER_ERROR, format!("This page could not be made: {error:#}\n"))
                .into_response();
        }
        Err(_) => {
            return (StatusCode::INTERNAL_SERVER_ERROR, "This page could not be made.\n").into_response();
        }
    };
    let tag = etag(&page.body);
    if page.status == 200
        && headers.get(header::IF_NONE_MATCH).and_then(|t| t.to_str().ok()) == Some(tag.as_str())
    {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let status = StatusCode::from_u16(page.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, page.body).into_response();
    let set = response.headers_mut();
    set.insert(header::CONTENT_TYPE, HeaderValue::from_static(page.media));
    for (name, value) in SAFE {
        set.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        set.insert(header::ETAG, tag);
    }
    if let Some(place) = page.location.and_then(|l| HeaderValue::from_str(&l).ok()) {
        set.insert(header::LOCATION, place);
    }
    response
}

/// Nothing is loaded from elsewhere, nothing runs, nothing is told to whoever a reader goes to next.
const SAFE: [(&str, &str); 4] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-cache"),
];

fn etag(body: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(body);
    let short = digest[..8].iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    format!("W/\"{short:016x}\"")
}
