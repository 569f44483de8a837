// Signpost. Apache-2.0; see LICENSE.
// What `registrar plan` prints. Pure.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "registrar/container/container.h"
#include "registrar/docker/engine_client.h"
#include "registrar/plan/plan.h"
#include "registrar/registrar_options.h"

namespace signpost::registrar {

struct PlanReport {
  std::string text;
  bool differences = false;  // actions or conflicts
};

// One line per action and conflict ("+ add ID name 192.0.2.10:8080 (reason)", "~ change", "- remove", "! conflict"),
// one per warning, and a summary.
PlanReport DescribePlan(const DesiredServices& desired, const ActualServices& actual, const Plan& plan,
                        const Strings& warnings);

// What the daemon would make of the same picture: the owner, what is adopted, what is to stand.
struct Intent {
  PlanOptions options;
  DesiredServices desired;
  Strings warnings;
  std::map<std::string, std::string, std::less<>> why_not;  // own services at the agent that are to go, by ID
};
Intent FindIntent(const RegistrarOptions& options, const HostAddresses& addresses, const EngineInfo& engine,
                  const std::vector<Container>& containers, const ActualServices& actual);

// The differences, removals with their reason.
Plan PlanOf(const Intent& intent, const ActualServices& actual);

}  // namespace signpost::registrar
