// Signpost. Apache-2.0; see LICENSE.
// One whole reading of a Docker Engine, for commands that look once. On the loop's thread.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "registrar/container/container.h"
#include "registrar/container/inspect.h"
#include "registrar/docker/engine_client.h"

namespace signpost::registrar {

struct EnginePicture {
  EngineInfo info;
  std::vector<Container> containers;  // stopped ones too; by ID
};

class EngineReading {
 public:
  using On = std::function<void(Result<EnginePicture>)>;

  // A container that cannot be read fails the whole: without it, its services would look like left-overs.
  // Begins at once. `done` is called once, later; it may destroy the reading, which else cancels. `client` outlives it.
  EngineReading(EngineClient& client, On done);
  EngineReading(const EngineReading&) = delete;
  EngineReading& operator=(const EngineReading&) = delete;

 private:
  void OnInfo(Result<EngineInfo> info);
  void OnList(const Result<std::vector<ListEntry>>& list);
  void InspectNext();
  void OnContainer(const std::string& id, Result<Container> container);
  void Finish(Result<EnginePicture> result);

  EngineClient& client_;
  On done_;
  EnginePicture picture_;
  std::deque<std::string> left_;
  std::unique_ptr<EngineClient::Call> call_;
  std::map<std::string, std::unique_ptr<EngineClient::Call>> inspects_;
};

}  // namespace signpost::registrar
