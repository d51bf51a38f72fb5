#include "herd/watch/status.hpp"

#include "herd/watch/counters_table.hpp"
#include "protocol/text_writer.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cassert>

namespace herd::watch {

namespace {

// What rapidjson writes to.
class Out {
public:
    using Ch = char;

    explicit Out(std::span<char> buffer) : buffer_(buffer) {}
    // NOLINTNEXTLINE(readability-identifier-naming): rapidjson's names.
    void Put(char byte) {
        assert(size_ < buffer_.size());
        buffer_[size_++] = byte;
    }
    void Flush() {}  // NOLINT(readability-identifier-naming)
    std::string_view text() const { return {buffer_.data(), size_}; }

private:
    std::span<char> buffer_;
    std::size_t size_ = 0;
};

// So deep is nothing here; it keeps rapidjson from allocating.
constexpr std::size_t depth_max = 4;
using Pool = rapidjson::MemoryPoolAllocator<>;

class StatusWriter {
public:
    explicit StatusWriter(std::span<char> buffer) : out_(buffer) {}

    std::string_view write(const Status& status, Audience audience);

private:
    using Writer = rapidjson::Writer<Out, rapidjson::UTF8<>, rapidjson::UTF8<>, Pool>;

    void key(std::string_view name) {
        assert(!name.empty());
        json_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    }
    void put(std::string_view name, std::string_view value) {
        key(name);
        json_.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
    }
    void put(std::string_view name, std::uint64_t value) {
        key(name);
        json_.Uint64(value);
    }
    void put_flag(std::string_view name, bool value) {
        key(name);
        json_.Bool(value);
    }
    void put_us(std::string_view name, std::int64_t ns) {
        key(name);
        json_.Int64(ns / 1000);
    }
    // As the log and the links have it.
    void put_hex(std::string_view name, std::uint64_t value);
    void link(const LinkStatus& link);
    void bridge(const BridgeStatus& bridge);
    void put_state(const Status& status);

    Out out_;
    std::array<char, 512> memory_;  // NOLINT(*-member-init): the pool's
    Pool pool_{memory_.data(), memory_.size()};
    Writer json_{out_, &pool_, depth_max};
};

void StatusWriter::put_hex(std::string_view name, std::uint64_t value) {
    std::array<char, 16> digits{};
    protocol::TextWriter writer(digits);
    writer.put_hex(value, digits.size());
    assert(writer.text().size() == digits.size());
    put(name, writer.text());
}

void StatusWriter::link(const LinkStatus& link) {
    assert(!link.neighbour.empty());
    assert(!link.state.empty());
    json_.StartObject();
    put("neighbour", link.neighbour);
    put_flag("legacy", link.legacy);
    put("state", link.state);
    put_flag("hears", link.hears);
    put_flag("tls", link.tls);
    put("lag_records", link.lag_records);
    put_us("lag_us", link.lag.count());
    put_us("round_trip_us", link.round_trip.count());
    put_us("clock_difference_us", link.clock_difference_ns);
    put("divergences", link.divergences);
    put("drops", link.drops);
    json_.EndObject();
}

void StatusWriter::bridge(const BridgeStatus& bridge) {
    key("bridge");
    json_.StartObject();
    put("bucket", bridge.bucket);
    put("state", bridge.state);
    put_flag("standby", bridge.standby);
    std::array<char, reactor::address_text_size_max> broker{};
    put("broker", bridge.broker ? bridge.broker->text(broker) : std::string_view());
    put("version", bridge.version);
    put("server_id", bridge.server_id);
    put_flag("tls", bridge.tls);
    put("created", bridge.created);
    put("seq", bridge.seq);
    put("pending", bridge.pending);
    put("keys", bridge.keys);
    put("lag_records", bridge.lag_records);
    put_us("lag_us", bridge.lag.count());
    put("window", bridge.window);
    put_us("round_trip_us", bridge.round_trip.count());
    json_.EndObject();
}

std::string_view StatusWriter::write(const Status& status, Audience audience) {
    assert(!status.server.empty());
    json_.StartObject();
    put("server", status.server);
    key("up_s");
    json_.Uint64(static_cast<std::uint64_t>(status.up / std::chrono::seconds(1)));
    put_flag("draining", status.draining);
    put_flag("brief", audience == Audience::stranger);
    if (audience == Audience::herd) put_state(status);
    json_.EndObject();
    assert(json_.IsComplete());
    return out_.text();
}

void StatusWriter::put_state(const Status& status) {
    assert(status.link_count <= status.links.size());
    assert(status.records <= status.capacity);
    put_hex("epoch", status.epoch);
    put("clients", status.clients);
    put("records", status.records);
    put("capacity", status.capacity);
    put("seq", status.seq);
    put_hex("digest", status.digest);
    put("journal", status.journal);
    put_flag("ready", status.ready);
    put_flag("reload_refused", status.reload_refused);
    put("pid", static_cast<std::uint64_t>(status.pid));
    if (!status.settings.empty()) {
        key("settings");
        json_.RawValue(status.settings.data(), status.settings.size(), rapidjson::kObjectType);
    }
    put("corrupted", status.corrupted);
    key("certificate_expires_s");
    json_.Int64(status.certificate_expires_s);
    put("dropped", status.counters.dropped());
    key("links");
    json_.StartArray();
    for (std::size_t i = 0; i < status.link_count; ++i) link(status.links[i]);
    json_.EndArray();
    if (!status.bridge.bucket.empty()) bridge(status.bridge);
    key("counters");
    json_.StartObject();
    for (const Counter& counter : counters_table) {
        put(counter.name, status.counters.*counter.value);
    }
    json_.EndObject();
}

}  // namespace

std::string settings_json(const config::Statement& brief) {
    rapidjson::StringBuffer text;
    rapidjson::Writer<rapidjson::StringBuffer> json(text);
    json.StartObject();
    for (const auto& [setting, value] : brief) {
        json.Key(setting.data(), static_cast<rapidjson::SizeType>(setting.size()));
        json.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
    }
    json.EndObject();
    return text.GetSize() > settings_size_max ? "" : text.GetString();
}

std::string_view format_status(std::span<char> out, const Status& status, Audience audience) {
    assert(out.size() >= status_size_max);
    return StatusWriter(out).write(status, audience);
}

}  // namespace herd::watch
