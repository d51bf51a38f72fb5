// What a bridge takes from the bucket.
#include "herd/bridge/bucket_link.hpp"
#include "herd/bridge/rules.hpp"
#include "protocol/peer_message.hpp"

#include <cassert>
#include <variant>

namespace herd::bridge {

void BucketLink::on_message(const Delivery& delivery) {
    if (delivery.subject == subjects_.healing()) return on_healing(delivery.payload);
    if (!subjects_.has(delivery.subject)) return;
    ++core_.counters.bridge_received;
    const auto message = protocol::parse_peer_message(delivery.payload);
    const auto* const line = message ? std::get_if<protocol::AtLine>(&*message) : nullptr;
    if (line != nullptr && is_of(*line, delivery)) {
        take(*line);
    } else {
        ++core_.counters.bridge_lines_bad;
        on_rubbish(delivery.subject);
    }
    prove(reader_.seq());
    if (reader_.pending() == 0) level_at_ = core_.loop.now();
}

// Only as herds write it, so that what is equal is so to the byte.
bool BucketLink::is_of(const protocol::AtLine& line, const Delivery& delivery) {
    return line.whole.size() == delivery.payload.size() &&
           subjects_.of(line.client) == delivery.subject;
}

void BucketLink::take(const protocol::AtLine& line) {
    if (core_.too_far_ahead(line.skew_ns, line.time.nanoseconds)) {
        ++core_.counters.future_stamps;
        return refuse(line);
    }
    if (core_.expired(line)) {
        ++core_.counters.expired_stamps;
        return refuse(line);
    }
    const auto key = core_.table.key(line.client);
    switch (core_.table.relay(line, key, source)) {
        case table::Stored::stored: {
            ++core_.counters.bridge_newer;
            const table::Record& record = *core_.table.find(line.client, key);
            show(core_.table.slot(record), record.digest);
            core_.wire.post_flush();
            break;
        }
        case table::Stored::not_newer:
            on_not_newer(line, *core_.table.find(line.client, key));
            break;
        case table::Stored::reserved:
            assert(false);  // Only of clients' own reports.
            break;
        case table::Stored::table_full:
            ++core_.counters.table_full;
            break;
        case table::Stored::no_long_line:
            ++core_.counters.long_records_full;
            refuse(line);
            break;
    }
}

void BucketLink::on_not_newer(const protocol::AtLine& line, const table::Record& record) {
    const std::uint32_t slot = core_.table.slot(record);
    if (!rules::written_over(core_.table.line(record) == line.whole)) {
        ++core_.counters.bridge_equal;
        return show(slot, record.digest);
    }
    ++core_.counters.bridge_older;
    contradict(slot);
}

// Of what this herd does not take another one may: so ours is published again only if that is
// newer, lest the two write over each other for ever.
void BucketLink::refuse(const protocol::AtLine& line) {
    const table::Record* const record = core_.table.find(line.client);
    if (record == nullptr) return;
    if (core_.table.is_newer(*record, line)) return on_not_newer(line, *record);
    shown_.contradict(core_.table.slot(*record));
}

// No herd wrote it, so nobody defends it.
void BucketLink::on_rubbish(std::string_view subject) {
    const std::string_view client = subjects_.client_of(subject);
    if (client.empty()) return;
    const table::Record* const record = core_.table.find(client);
    if (record != nullptr) contradict(core_.table.slot(*record));
}

void BucketLink::show(std::uint32_t slot, std::uint64_t digest) {
    shown_.show(slot, digest);
    patience_.remove(slot);
    silence_.remove(slot);
}

// Of ours that is on its way it shows itself when that has been passed whether it was written over.
void BucketLink::contradict(std::uint32_t slot) {
    const bool on_its_way = shown_.on_its_way(slot);
    shown_.contradict(slot);
    patience_.remove(slot);
    silence_.remove(slot);
    if (!on_its_way) owe(slot);
}

void BucketLink::on_idle() {
    level_at_ = core_.loop.now();
    prove(UINT64_MAX);
}

}  // namespace herd::bridge
