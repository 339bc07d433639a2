//! One module per OpenStack service; each is a function from request to reply.

pub(crate) mod catalogue;
pub(crate) mod compute;
pub(crate) mod compute_actions;
pub(crate) mod compute_admin;
pub(crate) mod identity;
pub(crate) mod image;
pub(crate) mod network;
pub(crate) mod orchestration;
pub(crate) mod tokens;
pub(crate) mod version;
pub(crate) mod volume;

pub(crate) use compute_admin::find_flavor;

use crate::auth::{Bearer, Tokens};
use crate::wire::{Reply, Request, Service};
use crate::world::View;

/// What a service may look at while it answers.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub view: View<'a>,
    pub tokens: &'a Tokens,
    pub now: u64,
}

impl Context<'_> {
    /// `http://127.0.0.1:PORT/compute` and so on.
    pub(crate) fn root(&self, service: Service) -> String {
        format!("{}/{}", self.view.world.url, service.root())
    }

    /// The bearer of the request's token, or the 401 every service gives through the same filter.
    pub(crate) fn bearer(&self, request: &Request) -> Result<Bearer, Reply> {
        request
            .header("x-auth-token")
            .and_then(|token| self.tokens.find(token, self.now))
            .ok_or_else(|| Reply::unauthorized(&format!("{}/v3", self.root(Service::Identity))))
    }
}

/// Answers a request to a service.
pub(crate) fn answer(context: &Context<'_>, service: Service, request: &Request) -> Reply {
    let segments = request.segments();
    let path = segments.get(1..).unwrap_or_default();
    let answered = match service {
        Service::Identity => identity::answer(context, request, path),
        Service::Compute => compute::answer(context, request, path),
        Service::Network => network::answer(context, request, path),
        Service::Image => image::answer(context, request, path),
        Service::Volume => volume::answer(context, request, path),
        Service::Orchestration => orchestration::answer(context, request, path),
    };
    answered.unwrap_or_else(|refusal| refusal)
}

/// A reply, or the refusal to give one; both go to the client.
pub(crate) type Answer = Result<Reply, Reply>;
