// Signpost. Apache-2.0; see LICENSE.
// Names and IDs of all services of one container, as they depend on one another. Pure.
#pragma once

#include <string>
#include <vector>

#include "registrar/mapping/endpoints.h"
#include "registrar/mapping/metadata.h"
#include "registrar/mapping/options.h"

namespace signpost::registrar {

// A service before it is made: the endpoint and what counts for it.
struct ServiceDraft {
  Endpoint endpoint;
  Metadata metadata;
  std::string name;
  Strings aliases;  // further names; each becomes a service of its own
  std::string id;
};

// SERVICE_NAME (of a list the first; the others and SERVICE_ALIAS are further names), else DefaultName. "-<port>" is
// appended as options.port_suffix says; `group`: there is more than one port.
void GiveNames(const Container& container, const MappingOptions& options, bool group, std::vector<ServiceDraft>& drafts,
               Strings& warnings);

// SERVICE_ID, else GeneratedId. IDs are unique afterwards; a SERVICE_ID that several ports share gets the port
// appended, with a warning, and the protocol where only that tells two apart.
void GiveIds(const Container& container, const MappingOptions& options, std::vector<ServiceDraft>& drafts,
             Strings& warnings);

}  // namespace signpost::registrar
