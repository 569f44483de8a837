// Signpost. Apache-2.0; see LICENSE.
// For answer.cc: record sets of a zone written into a message.
#pragma once

#include <cstdint>
#include <span>

#include "dnsd/static_zone/zone.h"
#include "dnsd/wire/response_writer.h"

namespace signpost::static_zone {

struct Owner {
  std::span<const uint8_t> name;
  bool is_question = false;  // the question's name, which stands in the message
};

// Each function is false, or empty, when not everything fitted. Never allocates.
class RecordWriter {
 public:
  RecordWriter(const Zone& zone, wire::ResponseWriter& writer) : zone_(zone), writer_(writer) {}

  // Begins with the record of that number, counted round; those that fit stay.
  bool AddSet(wire::Section section, const Owner& owner, const RecordSet& set, uint32_t first = 0);
  // The target as it stands in the message.
  std::span<const uint8_t> AddCname(const Owner& owner, uint32_t ttl, std::span<const uint8_t> target);
  // The zone's SOA in the authority section, for negative answers.
  bool AddSoa();
  // RFC 8482 4.2.
  bool AddHinfo(const Owner& owner);
  // A and AAAA of the set's targets in this zone, for the additional section; a set that does not fit is left out.
  // False when one of a target at or below `cut` did not fit; no other counts.
  bool AddAddressesOf(const RecordSet& targets, const Node* cut);

 private:
  void Begin(wire::Section section, const Owner& owner, uint16_t type, uint32_t ttl);
  bool AddAddressesOf(const RecordSet& targets, const wire::Name& cut, bool below);
  bool AddAddresses(std::span<const uint8_t> owner, const Node& node);

  const Zone& zone_;
  wire::ResponseWriter& writer_;
};

}  // namespace signpost::static_zone
