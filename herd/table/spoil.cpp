#include "herd/table/spoil.hpp"

#include "protocol/peer_message.hpp"

#include <cassert>
#include <string>
#include <variant>

namespace herd::table {

bool Spoiler::spoil(const protocol::AtLine& line) {
    assert(!line.client.empty());
    const std::uint32_t slot = table_.slot_of(line.client, table_.key(line.client));
    if (slot == no_record) return false;
    Record& record = table_.records_[slot];
    if (!table_.fit_line(record, at_line_size(line))) return false;
    table_.write(slot, 0, line, record.effective_ns, record.source);
    ++count_;
    return true;
}

std::string_view Spoiler::spoil_one(std::uint64_t slot) {
    if (table_.size() == 0) return {};
    assert(table_.slots() >= table_.size());
    auto at = static_cast<std::uint32_t>(slot % table_.slots());
    while (!table_.used(at)) at = (at + 1) % table_.slots();
    // A copy: the line is overwritten while it is read.
    const std::string line(table_.line(table_.at(at)));
    const auto message = protocol::parse_peer_message(line);
    assert(message.has_value());
    assert(std::holds_alternative<protocol::AtLine>(*message));
    protocol::AtLine report = std::get<protocol::AtLine>(*message);
    report.location = "+0+0";
    protocol::read_iso6709(report.location, report.spot);
    report.whole = report.tail = {};
    [[maybe_unused]] const bool done = spoil(report);
    assert(done);
    return table_.client(table_.at(at));
}

}  // namespace herd::table
