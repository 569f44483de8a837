// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/reply_chain.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace signpost::resolver {
namespace {

using wire::Section;

std::span<const uint8_t> Span(const std::string& name) {
  return {reinterpret_cast<const uint8_t*>(name.data()), name.size()};
}

class Walk {
 public:
  Walk(ReplyRecords& records, const Question& question, const ReplyRules& rules)
      : records_(records), question_(question), rules_(rules) {
    chain_.last = Flat(Span(question.name));
  }

  Chain Run() {
    std::vector<FlatName> seen;
    chain_.end = Chain::End::kNothing;
    while (Step()) {
      seen.push_back(here_);
      const auto same = [this](const FlatName& name) { return SameName(name.wire(), chain_.last.wire()); };
      if (++chain_.length > kMaxLinks || std::ranges::any_of(seen, same)) {
        chain_.end = Chain::End::kLoop;
        break;
      }
      const Holder holder = HolderOf(chain_.last.wire(), question_.name, rules_);
      if (holder == Holder::kOurs) {
        chain_.end = Chain::End::kOwnZone;
        break;
      }
      if (synthesized_ && Answers(wire::type::kCname, question_)) {
        chain_.end = Chain::End::kData;
        break;
      }
      if (holder == Holder::kRoute) {
        chain_.end = Chain::End::kRoute;
        break;
      }
    }
    return std::move(chain_);
  }

 private:
  // Moves `last` along one link. False where there is none; then `end` says why.
  bool Step() {
    here_ = chain_.last;
    if (const std::optional<uint32_t> dname = DnameAbove(here_.wire())) return StepBy(*dname);
    const std::optional<uint32_t> owner = records_.OwnerOf(here_.wire());
    if (!owner) return false;
    const bool has_data = std::ranges::any_of(records_.all(), [&](const ReplyRecord& r) {
      return r.owner == *owner && r.section == Section::kAnswer && Answers(r.type, question_);
    });
    if (has_data) {
      chain_.end = Chain::End::kData;
      return false;
    }
    const std::optional<uint32_t> cname = records_.Find(Section::kAnswer, *owner, wire::type::kCname);
    if (!cname) return false;
    chain_.links.push_back(*cname);
    chain_.last = Flat(records_.target(records_.all()[*cname]));
    synthesized_ = false;
    return true;
  }

  // RFC 6672 2.2: the DNAME's owner at the end of the name is replaced by its target.
  bool StepBy(uint32_t index) {
    const ReplyRecord dname = records_.all()[index];
    const auto target = records_.target(dname);
    const size_t prefix = here_.size - dname.name_size;
    if (prefix + target.size() > wire::kMaxName) {
      chain_.end = Chain::End::kTooLong;
      return false;
    }
    chain_.last.size = prefix + target.size();
    std::memcpy(&chain_.last.bytes[prefix], target.data(), target.size());
    if (std::ranges::find(chain_.links, index) == chain_.links.end()) chain_.links.push_back(index);
    chain_.links.push_back(records_.AddCname(here_.wire(), chain_.last.wire(), dname.ttl));
    synthesized_ = true;
    return true;
  }

  std::optional<uint32_t> DnameAbove(std::span<const uint8_t> name) const {
    while (name.size() > 1) {
      name = name.subspan(size_t{1} + name[0]);
      const std::optional<uint32_t> owner = records_.OwnerOf(name);
      if (!owner) continue;
      if (const auto found = records_.Find(Section::kAnswer, *owner, wire::type::kDname)) return found;
    }
    return std::nullopt;
  }

  ReplyRecords& records_;
  const Question& question_;
  const ReplyRules& rules_;
  Chain chain_;
  FlatName here_;
  bool synthesized_ = false;
};

}  // namespace

Chain Follow(ReplyRecords& records, const Question& question, const ReplyRules& rules) {
  return Walk(records, question, rules).Run();
}

}  // namespace signpost::resolver
