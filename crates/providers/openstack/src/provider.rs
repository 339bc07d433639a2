//! The two faces a provider shows: its type, and one registered cloud. Both only point to the modules that do the work.

use std::sync::Arc;

use stocktake_model::{CollectionIx, Menu, Rows, Scope};
use stocktake_provider::{
    ApiUsage, BoxFuture, Capability, Collected, Configuration, ConnectError, EventReader, EventSource, Form, ListingCost,
    Page, PageSink, Provider, ProviderError, ProviderType, Support, TestReport, Traffic,
};

use crate::api::Api;
use crate::collect::{self, Projects};
use crate::config::{OpenStackConfig, form};
use crate::{events, menu, parse, test};

/// The provider type `openstack`.
#[derive(Debug, Clone, Copy)]
pub struct OpenStack;

impl ProviderType for OpenStack {
    fn name(&self) -> &'static str {
        "openstack"
    }

    fn title(&self) -> &'static str {
        "OpenStack cloud (Nova, Neutron, Glance, Cinder, Keystone, Heat)"
    }

    fn form(&self) -> Form {
        form()
    }

    fn menu(&self) -> Arc<Menu> {
        menu::menu()
    }

    fn capabilities(&self) -> Vec<Capability> {
        const LATER: Support = Support::No("not written yet");
        [
            ("refresh", Support::Yes),
            ("refresh_targeted", Support::Yes),
            ("events", Support::Yes),
            ("metrics", LATER),
            ("operations", LATER),
        ]
        .map(|(name, support)| Capability { name, support })
        .to_vec()
    }

    fn targetable(&self) -> &'static [&'static str] {
        collect::TARGETABLE
    }

    fn listable(&self) -> Vec<&'static str> {
        collect::listable()
    }

    fn event_reader(&self) -> Option<Arc<dyn EventReader>> {
        Some(Arc::new(events::Reader))
    }

    fn event_source(&self, configuration: &Configuration) -> Result<Option<Arc<dyn EventSource>>, ConnectError> {
        events::source(configuration)
    }

    fn connect(&self, configuration: &Configuration, traffic: Traffic) -> Result<Arc<dyn Provider>, ConnectError> {
        let config = OpenStackConfig::read(configuration)?;
        let projects = Projects::read(configuration)?;
        Ok(Arc::new(Cloud { api: Api::new(&config, traffic)?, projects }))
    }
}

/// One registered cloud.
#[derive(Debug)]
struct Cloud {
    api: Api,
    projects: Projects,
}

impl Provider for Cloud {
    fn menu(&self) -> Arc<Menu> {
        menu::menu()
    }

    fn cost(&self, collection: &str) -> ListingCost {
        collect::cost(collection, self.api.page_size())
    }

    fn collect<'a>(&'a self, scope: &'a Scope, sink: &'a dyn PageSink) -> BoxFuture<'a, Result<Collected, ProviderError>> {
        Box::pin(collect::collect(&self.api, self.projects, scope, sink))
    }

    fn parse(&self, page: &Page, out: &mut Rows) {
        parse::parse(page, out);
    }

    fn feeds(&self, listing: &str) -> Vec<CollectionIx> {
        collect::feeds(listing)
    }

    fn test(&self) -> BoxFuture<'_, TestReport> {
        Box::pin(test::test(&self.api, self.projects))
    }

    fn usage(&self) -> ApiUsage {
        self.api.usage()
    }
}
