// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/catalog/snapshot_codec.h"

#include <cstring>
#include <unordered_map>
#include <utility>

namespace signpost::catalog {
namespace {

constexpr std::string_view kMagic = "SGNPSNAP";
constexpr uint32_t kVersion = 1;
constexpr size_t kHeader = 8 + 4 + 8 + 8;

uint64_t Fnv1a(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

class Encoder {
 public:
  void Fixed(uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out_ += static_cast<char>(value >> (8 * i));
  }
  void Number(uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_ += static_cast<char>(value | 0x80);
    out_ += static_cast<char>(value);
  }
  void Text(std::string_view text) {
    Number(text.size());
    out_ += text;
  }
  std::string& out() { return out_; }

 private:
  std::string out_;
};

// After the first read past the end everything reads as zero and ok() stays false.
class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return bytes_.empty(); }

  uint64_t Fixed(int bytes) {
    uint64_t value = 0;
    const std::string_view raw = Take(static_cast<size_t>(bytes));
    for (size_t i = 0; i < raw.size(); ++i)
      value |= static_cast<uint64_t>(static_cast<unsigned char>(raw[i])) << (8 * i);
    return value;
  }
  uint64_t Number() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(Fixed(1));
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  // A number of up to `max`; a larger one is an error.
  uint64_t Bounded(uint64_t max) {
    const uint64_t value = Number();
    if (value > max) ok_ = false;
    return ok_ ? value : 0;
  }
  // How many elements follow: never more than there are bytes left, since each takes one at least.
  size_t Count() { return static_cast<size_t>(Bounded(bytes_.size())); }
  std::string Text() { return std::string(Take(Count())); }
  void Fail() { ok_ = false; }

 private:
  std::string_view Take(size_t n) {
    if (!ok_ || n > bytes_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view taken = bytes_.substr(0, n);
    bytes_.remove_prefix(n);
    return taken;
  }

  std::string_view bytes_;
  bool ok_ = true;
};

void PutTagged(Encoder& to, const std::vector<consul::TaggedAddress>& addresses) {
  to.Number(addresses.size());
  for (const auto& [tag, address, port] : addresses) {
    to.Text(tag);
    to.Text(address);
    to.Number(port);
  }
}

std::vector<consul::TaggedAddress> TakeTagged(Decoder& from) {
  std::vector<consul::TaggedAddress> addresses;
  for (size_t n = from.Count(); n > 0 && from.ok(); --n) {
    consul::TaggedAddress& to = addresses.emplace_back();
    to.tag = from.Text();
    to.address = from.Text();
    to.port = static_cast<uint16_t>(from.Bounded(65535));
  }
  addresses.shrink_to_fit();
  return addresses;
}

void PutPairs(Encoder& to, const consul::StringPairs& pairs) {
  to.Number(pairs.size());
  for (const auto& [key, value] : pairs) {
    to.Text(key);
    to.Text(value);
  }
}

consul::StringPairs TakePairs(Decoder& from) {
  consul::StringPairs pairs;
  for (size_t n = from.Count(); n > 0 && from.ok(); --n) {
    std::string key = from.Text();
    pairs.emplace_back(std::move(key), from.Text());
  }
  pairs.shrink_to_fit();
  return pairs;
}

void PutTexts(Encoder& to, const std::vector<std::string>& texts) {
  to.Number(texts.size());
  for (const std::string& text : texts) to.Text(text);
}

std::vector<std::string> TakeTexts(Decoder& from) {
  std::vector<std::string> texts;
  for (size_t n = from.Count(); n > 0 && from.ok(); --n) texts.push_back(from.Text());
  texts.shrink_to_fit();
  return texts;
}

void PutNode(Encoder& to, const consul::Node& node) {
  to.Text(node.id);
  to.Text(node.name);
  to.Text(node.address);
  to.Text(node.datacenter);
  PutTagged(to, node.tagged_addresses);
  PutPairs(to, node.meta);
  to.Number(node.translated ? 1 : 0);
}

std::shared_ptr<const consul::Node> TakeNode(Decoder& from) {
  auto node = std::make_shared<consul::Node>();
  node->id = from.Text();
  node->name = from.Text();
  node->address = from.Text();
  node->datacenter = from.Text();
  node->tagged_addresses = TakeTagged(from);
  node->meta = TakePairs(from);
  node->translated = from.Bounded(1) == 1;
  return node;
}

// Every node once, in order of first appearance: those of the list first, then the instances' own.
class NodeNumbers {
 public:
  explicit NodeNumbers(const Snapshot& snapshot) {
    for (const auto& node : snapshot.nodes) Add(node);
    for (const auto& service : snapshot.services) {
      for (const auto& instance : service->instances) Add(instance.node);
    }
  }
  uint64_t Of(const consul::Node* node) const { return numbers_.at(node); }
  const std::vector<const consul::Node*>& nodes() const { return nodes_; }

 private:
  void Add(const std::shared_ptr<const consul::Node>& node) {
    if (numbers_.emplace(node.get(), nodes_.size()).second) nodes_.push_back(node.get());
  }

  std::unordered_map<const consul::Node*, uint64_t> numbers_;
  std::vector<const consul::Node*> nodes_;
};

void PutInstance(Encoder& to, const consul::ServiceInstance& instance, uint64_t node) {
  to.Number(node);
  to.Text(instance.id);
  to.Text(instance.service);
  to.Text(instance.address);
  to.Number(instance.port);
  to.Number(instance.weights.passing);
  to.Number(instance.weights.warning);
  to.Number(static_cast<uint64_t>(instance.health));
  PutTexts(to, instance.tags);
  PutTagged(to, instance.tagged_addresses);
  PutPairs(to, instance.meta);
}

using Nodes = std::vector<std::shared_ptr<const consul::Node>>;

void TakeInstance(Decoder& from, const Nodes& nodes, consul::ServiceInstance& to) {
  const uint64_t node = from.Number();
  if (node >= nodes.size()) return from.Fail();
  to.node = nodes[static_cast<size_t>(node)];
  to.id = from.Text();
  to.service = from.Text();
  to.address = from.Text();
  to.port = static_cast<uint16_t>(from.Bounded(65535));
  to.weights.passing = static_cast<uint16_t>(from.Bounded(65535));
  to.weights.warning = static_cast<uint16_t>(from.Bounded(65535));
  to.health = static_cast<consul::Health>(from.Bounded(static_cast<uint64_t>(consul::Health::kMaintenance)));
  to.tags = TakeTexts(from);
  to.tagged_addresses = TakeTagged(from);
  to.meta = TakePairs(from);
}

void PutService(Encoder& to, const Service& service, const NodeNumbers& numbers) {
  to.Number(static_cast<uint64_t>(service.key.kind));
  to.Text(service.key.datacenter);
  to.Text(service.key.name);
  to.Number(service.translated ? 1 : 0);
  to.Number(service.instances.size());
  for (const auto& instance : service.instances) PutInstance(to, instance, numbers.Of(instance.node.get()));
}

std::shared_ptr<const Service> TakeService(Decoder& from, const Nodes& nodes) {
  auto service = std::make_shared<Service>();
  service->key.kind = static_cast<Kind>(from.Bounded(static_cast<uint64_t>(Kind::kIngress)));
  service->key.datacenter = from.Text();
  service->key.name = from.Text();
  service->translated = from.Bounded(1) == 1;
  for (size_t n = from.Count(); n > 0 && from.ok(); --n) TakeInstance(from, nodes, service->instances.emplace_back());
  service->instances.shrink_to_fit();
  return service;
}

Snapshot TakeSnapshot(Decoder& from) {
  Snapshot snapshot;
  snapshot.index = from.Number();
  snapshot.taken = std::chrono::seconds(from.Bounded(uint64_t{1} << 40));
  snapshot.datacenter = from.Text();
  snapshot.datacenters = TakeTexts(from);
  const size_t listed = from.Count();
  Nodes nodes;
  for (size_t n = from.Count(); n > 0 && from.ok(); --n) nodes.push_back(TakeNode(from));
  if (listed > nodes.size()) from.Fail();
  for (size_t n = from.Count(); n > 0 && from.ok(); --n) snapshot.services.push_back(TakeService(from, nodes));
  if (from.ok()) snapshot.nodes.assign(nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(listed));
  return snapshot;
}

}  // namespace

std::string EncodeSnapshot(const Snapshot& snapshot) {
  const NodeNumbers numbers(snapshot);
  Encoder body;
  body.Number(snapshot.index);
  body.Number(static_cast<uint64_t>(snapshot.taken.count()));
  body.Text(snapshot.datacenter);
  PutTexts(body, snapshot.datacenters);
  body.Number(snapshot.nodes.size());
  body.Number(numbers.nodes().size());
  for (const consul::Node* node : numbers.nodes()) PutNode(body, *node);
  body.Number(snapshot.services.size());
  for (const auto& service : snapshot.services) PutService(body, *service, numbers);

  Encoder file;
  file.out().reserve(kHeader + body.out().size());
  file.out() += kMagic;
  file.Fixed(kVersion, 4);
  file.Fixed(body.out().size(), 8);
  file.Fixed(Fnv1a(body.out()), 8);
  file.out() += body.out();
  return std::move(file.out());
}

Result<Snapshot> DecodeSnapshot(std::string_view bytes) {
  if (!kMagic.starts_with(bytes.substr(0, kMagic.size()))) return Status::Invalid("is not a catalog snapshot");
  if (bytes.size() < kHeader) return Status::Invalid("is truncated");
  Decoder header(bytes.substr(kMagic.size(), kHeader - kMagic.size()));
  const uint64_t version = header.Fixed(4);
  const uint64_t length = header.Fixed(8);
  const uint64_t checksum = header.Fixed(8);
  if (version > kVersion) return Status::Invalid("was written by a newer version of dnsd");
  if (version != kVersion) return Status::Invalid("has a format that this version of dnsd does not read");
  const std::string_view body = bytes.substr(kHeader);
  if (length > body.size()) return Status::Invalid("is truncated");
  if (length < body.size()) return Status::Invalid("is longer than it says");
  if (Fnv1a(body) != checksum) return Status::Invalid("is corrupt (its checksum is wrong)");
  Decoder from(body);
  Snapshot snapshot = TakeSnapshot(from);
  if (!from.ok() || !from.at_end()) return Status::Invalid("is corrupt");
  return snapshot;
}

}  // namespace signpost::catalog
