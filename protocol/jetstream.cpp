#include "protocol/jetstream.hpp"

#include "protocol/json_text.hpp"
#include "protocol/json_walk.hpp"
#include "protocol/nats_subject.hpp"

#include <algorithm>

namespace protocol::jetstream {

namespace {

// An answer's error, as far as it has one.
class Failed {
public:
    void take(const JsonLeaf& leaf) {
        if (const auto code = leaf.number("error.code")) set(refusal_.code, *code);
        if (const auto reason = leaf.number("error.err_code")) set(refusal_.reason, *reason);
        if (leaf.path != "error.description") return;
        refusal_.text.assign(leaf.text.substr(0, decltype(refusal_.text)::size_max));
    }
    bool any() const { return !refusal_.nonsense(); }
    const Refusal& refusal() const { return refusal_; }

private:
    static void set(std::uint32_t& part, std::uint64_t value) {
        if (value <= UINT32_MAX) part = static_cast<std::uint32_t>(value);
    }

    Refusal refusal_;
};

// `take` has each value of the answer, `whole` says whether it had all that it needs.
template <class T, class Take, class Whole>
Answer<T> parse(std::string_view json, Take take, Whole whole) {
    T value;
    Failed failed;
    const bool valid = walk_json(json, [&](const JsonLeaf& leaf) {
        failed.take(leaf);
        take(value, leaf);
    });
    if (!valid) return std::unexpected(Refusal());
    if (failed.any()) return std::unexpected(failed.refusal());
    if (!whole(value)) return std::unexpected(Refusal());
    return value;
}

void set(std::uint64_t& part, const JsonLeaf& leaf, std::string_view at) {
    if (const auto value = leaf.number(at)) part = *value;
}
void set(bool& part, const JsonLeaf& leaf, std::string_view at) {
    if (const auto value = leaf.truth(at)) part = *value;
}

}  // namespace

bool is_name(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char byte) {
        return nats::is_subject_byte(byte) &&
               std::string_view(".*>/\\").find(byte) == std::string_view::npos;
    });
}

void put_create(TextWriter& out, const Bucket& bucket) {
    out.put("{\"name\":");
    put_json_text(out, bucket.name);
    out.put(",\"subjects\":[");
    put_json_text(out, bucket.subjects);
    out.put(R"(],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_msg_size":-1,)");
    out.put(R"("max_msgs_per_subject":1,"discard":"new","allow_rollup_hdrs":true,)");
    out.put(R"("deny_delete":true,"deny_purge":false,"allow_direct":true,"storage":)");
    out.put(bucket.on_disk ? "\"file\"" : "\"memory\"");
    out.put(",\"num_replicas\":");
    out.put_decimal(bucket.replicas);
    out.put(",\"max_bytes\":");
    out.put_signed(bucket.max_bytes);
    out.put(",\"max_age\":");
    out.put_signed(bucket.max_age_ns);
    out.put(",\"duplicate_window\":");
    out.put_signed(bucket.duplicate_window_ns);
    out.put('}');
}

void put_consumer(TextWriter& out, const Consumer& consumer) {
    out.put("{\"stream_name\":");
    put_json_text(out, consumer.stream);
    out.put(R"(,"config":{"deliver_subject":)");
    put_json_text(out, consumer.deliver_subject);
    if (!consumer.filter.empty()) {
        out.put(",\"filter_subject\":");
        put_json_text(out, consumer.filter);
    }
    if (consumer.from_seq > 0) {
        out.put(R"(,"deliver_policy":"by_start_sequence","opt_start_seq":)");
        out.put_decimal(consumer.from_seq);
    } else {
        out.put(R"(,"deliver_policy":"all")");
    }
    out.put(R"(,"ack_policy":"none","replay_policy":"instant","mem_storage":true,)");
    out.put(R"("flow_control":true,"idle_heartbeat":)");
    out.put_signed(consumer.heartbeat_ns);
    out.put("}}");
}

void put_purge(TextWriter& out, std::string_view filter) {
    out.put("{\"filter\":");
    put_json_text(out, filter);
    out.put('}');
}

Answer<StreamState> parse_stream(std::string_view json) {
    bool counted = false;
    const auto take = [&](StreamState& state, const JsonLeaf& leaf) {
        if (leaf.is_text("created")) state.created.assign(leaf.text);
        if (leaf.is_text("config.storage")) state.on_disk = leaf.text == "file";
        set(state.messages, leaf, "state.messages");
        set(state.bytes, leaf, "state.bytes");
        set(state.first_seq, leaf, "state.first_seq");
        set(state.last_seq, leaf, "state.last_seq");
        set(state.max_per_subject, leaf, "config.max_msgs_per_subject");
        set(state.deny_purge, leaf, "config.deny_purge");
        counted = counted || leaf.number("state.last_seq");
    };
    return parse<StreamState>(
        json, take, [&](const StreamState& state) { return counted && !state.created.empty(); });
}

Answer<ConsumerState> parse_consumer(std::string_view json) {
    bool counted = false;
    const auto take = [&](ConsumerState& state, const JsonLeaf& leaf) {
        if (leaf.is_text("name")) state.name.assign(leaf.text);
        set(state.pending, leaf, "num_pending");
        counted = counted || leaf.number("num_pending");
    };
    return parse<ConsumerState>(
        json, take, [&](const ConsumerState& state) { return counted && !state.name.empty(); });
}

Answer<Purged> parse_purge(std::string_view json) {
    bool success = false;
    const auto take = [&](Purged& purged, const JsonLeaf& leaf) {
        set(purged.count, leaf, "purged");
        set(success, leaf, "success");
    };
    return parse<Purged>(json, take, [&](const Purged&) { return success; });
}

Answer<Deleted> parse_deleted(std::string_view json) {
    bool success = false;
    const auto take = [&](Deleted&, const JsonLeaf& leaf) { set(success, leaf, "success"); };
    return parse<Deleted>(json, take, [&](const Deleted&) { return success; });
}

Answer<Stored> parse_stored(std::string_view json) {
    const auto take = [](Stored& stored, const JsonLeaf& leaf) {
        set(stored.seq, leaf, "seq");
        set(stored.duplicate, leaf, "duplicate");
    };
    return parse<Stored>(json, take, [](const Stored& stored) { return stored.seq > 0; });
}

}  // namespace protocol::jetstream
