// Signpost. Apache-2.0; see LICENSE.
// Names and IDs of all services of one container, as they depend on one another. Pure.
#pragma once

#include <string>
#include <vector>

#include "registrar/mapping/endpoints.h"
#include "registrar/mapping/metadata.h"
#include "registrar/mapping/options.h"

namespace signpost::registrar {

inline constexpr size_t kMaxNames = 16;  // of one port

// A service before it is made. It keeps what all of them together decide on; the other keys are read when it is made,
// since those of thousands of ports would not fit into memory at once.
struct ServiceDraft {
  Endpoint endpoint;
  Strings given_names;  // the main one first; none without SERVICE_NAME
  Strings given_aliases;
  bool named_by_port = false;  // by a key that names this one port
  std::string given_id;
  std::string name;
  Strings aliases;  // further names; each becomes a service of its own
  std::string id;
};

// The draft of an endpoint, without name and ID.
ServiceDraft ReadDraft(Endpoint endpoint, const Metadata& metadata, const MappingOptions& options);

// SERVICE_NAME (of a list the first; the others and SERVICE_ALIAS are further names), else DefaultName. "-<port>" is
// appended as options.port_suffix says; `group`: there is more than one port. Of more than kMaxNames names the
// last are left out, with a warning.
void GiveNames(const Container& container, const MappingOptions& options, bool group, std::vector<ServiceDraft>& drafts,
               Strings& warnings);

// SERVICE_ID, else GeneratedId. IDs are unique afterwards; a SERVICE_ID that several ports share gets the port
// appended, with a warning, and the protocol where only that tells two apart.
void GiveIds(const Container& container, const MappingOptions& options, std::vector<ServiceDraft>& drafts,
             Strings& warnings);

}  // namespace signpost::registrar
