// What is published at a fake broker, and what its JetStream does with it.
#include "protocol/json_walk.hpp"
#include "tests/sim/broker_host.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sim {

namespace {

constexpr std::string_view api = "$JS.API.";
// Messages that are pushed until a flow control is asked for, and as many again until it has to be
// answered.
constexpr std::uint64_t window_max = 8;
constexpr std::size_t unpushed_max = std::size_t{16} << 10;  // of a connection's unsent bytes
constexpr std::int64_t held_max_ns = 20 * ms;
constexpr std::int64_t unheard_max_ns = 5000 * ms;  // A consumer ends to which nobody has listened.

std::string refusal(std::uint32_t code, std::uint32_t reason, const std::string& text) {
    return R"({"type":"io.nats.jetstream.api.v1","error":{"code":)" + std::to_string(code) +
           R"(,"err_code":)" + std::to_string(reason) + R"(,"description":")" + text + "\"}}";
}

std::string headed(const std::string& status) {
    return "NATS/1.0 " + status + "\r\n\r\n";
}

}  // namespace

// To whoever has subscribed; how many those are.
std::size_t BrokerHost::deliver(const Publication& publication) {
    std::size_t count = 0;
    for (Connection& each : connections_) {
        for (const auto& [sid, filter] : each.filters) {
            if (!takes(filter, publication.subject)) continue;
            ++count;
            std::string line = publication.headers.empty() ? "MSG " : "HMSG ";
            line += publication.subject + " " + sid + " ";
            if (!publication.reply.empty()) line += publication.reply + " ";
            const std::size_t head = publication.headers.size();
            if (head > 0) line += std::to_string(head) + " ";
            say(each,
                line + std::to_string(head + publication.payload.size()) + "\r\n" +
                    publication.headers + publication.payload + "\r\n");
        }
    }
    return count;
}

bool BrokerHost::listens(const Connection& connection, std::string_view subject) {
    return std::ranges::any_of(connection.filters,
                               [&](const auto& filter) { return takes(filter.second, subject); });
}

bool BrokerHost::has_interest(std::string_view subject) const {
    return std::ranges::any_of(connections_,
                               [&](const Connection& each) { return listens(each, subject); });
}

void BrokerHost::reply(const std::string& to, const std::string& text) {
    if (!to.empty()) deliver({.subject = to, .reply = {}, .headers = {}, .payload = text});
}

void BrokerHost::route(const Publication& publication) {
    const bool asks = publication.subject.starts_with(api);
    if (asks && mood != Mood::absent) return answer_api(publication);
    for (Consumer& each : consumers_) {
        if (each.flow != publication.subject) continue;
        each.flow.clear();
        each.in_window = 0;
        return;
    }
    std::size_t taken = deliver(publication);
    for (auto& [name, bucket] : streams_) {
        if (!takes(bucket.terms().subjects, publication.subject) || mood == Mood::absent) continue;
        ++taken;
        store(bucket, publication);
    }
    if (taken > 0 || publication.reply.empty()) return;
    deliver({.subject = publication.reply, .reply = {}, .headers = headed("503"), .payload = {}});
}

void BrokerHost::store(FakeBucket& bucket, const Publication& publication) {
    const std::string name = R"(,"stream":")" + bucket.terms().name + "\"";
    if (mood == Mood::unavailable) return;
    if (mood == Mood::full) {
        ++seen_.refused;
        const std::string text = refusal(503, 10023, "insufficient resources");
        return reply(publication.reply, text.substr(0, text.size() - 1) + name + ",\"seq\":0}");
    }
    if (!held_ && random_.chance(faults.swaps)) {
        held_ = publication;
        held_ns_ = kernel_.now_ns() + static_cast<std::int64_t>(random_.below(held_max_ns));
        return;
    }
    // Only what is of different subjects changes places.
    if (held_ && held_->subject == publication.subject) store_held();
    const bool swallowed = bucket.swallows(publication.subject);
    const bool dropped = random_.chance(faults.drops);
    const std::string headers = faults.gives_ids
                                    ? "NATS/1.0\r\nNats-Msg-Id: " + publication.payload + "\r\n\r\n"
                                    : publication.headers;
    const auto put = bucket.put(
        {.subject = publication.subject, .headers = headers, .payload = publication.payload},
        kernel_.now_ns(),
        dropped);
    ++seen_.published;
    if (kernel_.shows_logs) {
        kernel_.show_log("- stores " + std::to_string(bucket.last_seq()) + ": " +
                         publication.subject + " " + publication.payload + "\n");
    }
    if (swallowed || dropped) ++seen_.swallowed;
    if (put == FakeBucket::Put::full) {
        ++seen_.refused;
        const std::string text = refusal(503, 10077, "maximum bytes exceeded");
        reply(publication.reply, text.substr(0, text.size() - 1) + name + ",\"seq\":0}");
    } else if (!random_.chance(faults.silences)) {
        reply(publication.reply,
              R"({"stream":")" + bucket.terms().name + R"(","seq":)" +
                  std::to_string(bucket.last_seq()) +
                  (put == FakeBucket::Put::duplicate ? R"(,"duplicate":true})" : "}"));
    }
    if (held_) store_held();
}

void BrokerHost::store_held() {
    const Publication held = *std::exchange(held_, std::nullopt);
    const unsigned swaps = std::exchange(faults.swaps, 0);
    for (auto& [name, bucket] : streams_) {
        if (takes(bucket.terms().subjects, held.subject)) store(bucket, held);
    }
    faults.swaps = swaps;
}

void BrokerHost::publish(const std::string& subject, const std::string& payload) {
    if (!runs()) return;
    kernel_.enter(host_);
    route({.subject = subject, .reply = {}, .headers = {}, .payload = payload});
}

void BrokerHost::create(FakeBucket::Terms terms) {
    const std::string name = terms.name;
    const std::string created =
        "2026-01-01T00:00:" + std::to_string(kernel_.now_ns()) + "." + std::to_string(++given_);
    streams_.insert_or_assign(name, FakeBucket(std::move(terms), created));
}

std::string BrokerHost::state_of(const FakeBucket& bucket) const {
    const auto& messages = bucket.messages();
    const std::uint64_t first = messages.empty() ? bucket.last_seq() + 1 : messages.begin()->first;
    const FakeBucket::Terms& terms = bucket.terms();
    return R"({"type":"io.nats.jetstream.api.v1.stream_info_response","config":{"name":")" +
           terms.name + R"(","max_msgs_per_subject":1,"storage":")" +
           (terms.on_disk ? "file" : "memory") + R"(","max_bytes":)" +
           std::to_string(terms.max_bytes) + R"(,"deny_purge":)" +
           (terms.deny_purge ? "true" : "false") + R"(},"created":")" + bucket.created() +
           R"(","state":{"messages":)" + std::to_string(messages.size()) + R"(,"bytes":)" +
           std::to_string(bucket.bytes()) + R"(,"first_seq":)" + std::to_string(first) +
           R"(,"last_seq":)" + std::to_string(bucket.last_seq()) + "}}";
}

void BrokerHost::answer_api(const Publication& request) {
    if (mood == Mood::unavailable) {
        return reply(request.reply,
                     refusal(503, 10008, "JetStream system temporarily unavailable"));
    }
    const std::string rest = request.subject.substr(api.size());
    constexpr std::string_view direct = "DIRECT.GET.";
    if (rest.starts_with(direct)) return direct_get(request, rest.substr(direct.size()));
    const std::size_t point = rest.rfind('.');
    const std::string answer =
        call(std::string_view(rest).substr(0, point), rest.substr(point + 1), request.payload);
    reply(request.reply, random_.chance(faults.lies) ? garbled(answer) : answer);
}

std::string BrokerHost::call(std::string_view name,
                             const std::string& stream,
                             const std::string& body) {
    if (name == "STREAM.CREATE") return create_stream(stream, body);
    FakeBucket* const bucket = this->stream(stream);
    if (bucket == nullptr) return refusal(404, 10059, "stream not found");
    if (name == "STREAM.INFO") return state_of(*bucket);
    if (name == "CONSUMER.CREATE") return create_consumer(stream, body);
    if (name == "STREAM.DELETE") {
        streams_.erase(stream);
        return R"({"success":true})";
    }
    if (name != "STREAM.PURGE") return refusal(400, 10025, "bad request");
    ++seen_.purged;
    if (bucket->terms().deny_purge) return refusal(500, 10110, "stream purge not permitted");
    std::string filter;
    protocol::walk_json(body, [&](const protocol::JsonLeaf& leaf) {
        if (leaf.is_text("filter")) filter = leaf.text;
    });
    return R"({"success":true,"purged":)" + std::to_string(purge(stream, filter)) + "}";
}

// As nats-server 2.9.10 does it: every reader of the stream passes over what it was about to be
// told, whatever is purged, and nobody tells it.
std::size_t BrokerHost::purge(const std::string& stream, std::string_view filter) {
    FakeBucket& bucket = *this->stream(stream);
    for (Consumer& each : consumers_) {
        if (each.stream == stream) each.next_seq = std::max(each.next_seq, bucket.last_seq() + 1);
    }
    return bucket.purge(filter);
}

std::string BrokerHost::create_stream(const std::string& name, const std::string& body) {
    FakeBucket::Terms terms{.name = name, .subjects = {}, .text = body};
    protocol::walk_json(body, [&](const protocol::JsonLeaf& leaf) {
        if (leaf.is_text("subjects")) terms.subjects = leaf.text;
        if (leaf.is_text("storage")) terms.on_disk = leaf.text == "file";
        if (const auto bytes = leaf.number("max_bytes"); bytes && *bytes > 0) {
            terms.max_bytes = static_cast<std::int64_t>(*bytes);
        }
        if (const auto window = leaf.number("duplicate_window")) {
            terms.duplicate_window_ns = static_cast<std::int64_t>(*window);
        }
        if (const auto denied = leaf.truth("deny_purge")) terms.deny_purge = *denied;
    });
    const FakeBucket* const there = stream(name);
    if (there != nullptr && there->terms().text != body) {
        return refusal(400, 10058, "stream name already in use with a different configuration");
    }
    if (there == nullptr) create(terms);
    return state_of(*stream(name));
}

std::string BrokerHost::create_consumer(const std::string& stream, const std::string& body) {
    const FakeBucket& bucket = *this->stream(stream);
    Consumer consumer{.name = "C" + std::to_string(++given_),
                      .stream = stream,
                      .created = bucket.created(),
                      .spoke_ns = kernel_.now_ns(),
                      .heard_ns = kernel_.now_ns()};
    protocol::walk_json(body, [&](const protocol::JsonLeaf& leaf) {
        if (leaf.is_text("config.deliver_subject")) consumer.deliver = leaf.text;
        if (leaf.is_text("config.filter_subject")) consumer.filter = leaf.text;
        if (const auto seq = leaf.number("config.opt_start_seq")) consumer.next_seq = *seq;
        if (const auto beat = leaf.number("config.idle_heartbeat")) {
            consumer.heartbeat_ns = static_cast<std::int64_t>(*beat);
        }
        if (const auto flow = leaf.truth("config.flow_control")) consumer.flow_control = *flow;
    });
    if (consumer.heartbeat_ns < 100 * ms) {
        return refusal(400, 10084, "consumer idle heartbeat needs to be >= 100ms");
    }
    ++seen_.consumers;
    const auto pending = std::ranges::count_if(bucket.messages(), [&](const auto& each) {
        return each.first >= consumer.next_seq &&
               (consumer.filter.empty() || takes(consumer.filter, each.second.subject));
    });
    if (faults.think_ns > 0) stalled_until_ = kernel_.now_ns() + faults.think_ns;
    const std::string answer = R"({"stream_name":")" + stream + R"(","name":")" + consumer.name +
                               R"(","num_pending":)" + std::to_string(pending) + "}";
    consumers_.push_back(std::move(consumer));
    return answer;
}

// Of the subject in the request's own, or in its body.
void BrokerHost::direct_get(const Publication& request, const std::string& rest) {
    const std::size_t point = std::min(rest.find('.'), rest.size());
    const FakeBucket* const bucket = stream(rest.substr(0, point));
    std::string subject = rest.substr(std::min(point + 1, rest.size()));
    protocol::walk_json(request.payload, [&](const protocol::JsonLeaf& leaf) {
        if (leaf.is_text("last_by_subj")) subject = leaf.text;
    });
    const FakeBucket::Message* const found = bucket == nullptr ? nullptr : bucket->find(subject);
    Publication answer{.subject = request.reply, .reply = {}, .headers = {}, .payload = {}};
    answer.headers = headed("404 Message Not Found");
    if (found != nullptr) {
        answer.headers =
            found->headers.substr(0, std::max<std::size_t>(found->headers.size(), 2) - 2);
        if (answer.headers.empty()) answer.headers = "NATS/1.0\r\n";
        answer.headers += "Nats-Stream: " + bucket->terms().name + "\r\nNats-Subject: " + subject +
                          "\r\nNats-Sequence: " + std::to_string(found->seq) + "\r\n\r\n";
        answer.payload = found->payload;
    }
    if (!request.reply.empty()) deliver(answer);
}

// What is to come of a stream, as far as its receiver takes it; false: it is over.
bool BrokerHost::push(Consumer& consumer) {
    const FakeBucket* const bucket = stream(consumer.stream);
    if (bucket == nullptr || bucket->created() != consumer.created) return false;
    const bool heard = has_interest(consumer.deliver);
    if (heard) consumer.heard_ns = kernel_.now_ns();
    if (kernel_.now_ns() - consumer.heard_ns > unheard_max_ns) return false;
    // Without a leader it says nothing.
    const bool silent = !heard || mood == Mood::unavailable || mood == Mood::absent;
    while (!silent && push_next(consumer, *bucket)) {
    }
    if (kernel_.now_ns() - consumer.spoke_ns >= consumer.heartbeat_ns) {
        consumer.spoke_ns = kernel_.now_ns();
        if (!silent) beat(consumer);
    }
    return true;
}

bool BrokerHost::push_next(Consumer& consumer, const FakeBucket& bucket) {
    if (consumer.flow_control && consumer.in_window >= 2 * window_max) return false;
    const auto full = [&](const Connection& each) {
        return each.unsent.size() > unpushed_max && listens(each, consumer.deliver);
    };
    if (std::ranges::any_of(connections_, full)) return false;
    const auto& messages = bucket.messages();
    auto next = messages.lower_bound(consumer.next_seq);
    if (!consumer.filter.empty()) {
        next = std::find_if(next, messages.end(), [&](const auto& each) {
            return takes(consumer.filter, each.second.subject);
        });
    }
    if (next == messages.end()) return false;
    consumer.next_seq = next->first + 1;
    push_message(consumer, bucket, next->second);
    if (random_.chance(faults.doubles)) push_message(consumer, bucket, next->second);
    return true;
}

void BrokerHost::push_message(Consumer& consumer,
                              const FakeBucket& bucket,
                              const FakeBucket::Message& message) {
    consumer.stream_seq = message.seq;
    ++consumer.count;
    ++consumer.in_window;
    ++seen_.pushed;
    consumer.spoke_ns = kernel_.now_ns();
    const auto& messages = bucket.messages();
    const auto left =
        std::count_if(messages.upper_bound(message.seq), messages.end(), [&](const auto& each) {
            return consumer.filter.empty() || takes(consumer.filter, each.second.subject);
        });
    const std::string reply = "$JS.ACK." + consumer.stream + "." + consumer.name + ".1." +
                              std::to_string(message.seq) + "." + std::to_string(consumer.count) +
                              "." + std::to_string(kernel_.wall_ns(host_)) + "." +
                              std::to_string(left);
    // It comes with the subject that it was published on, to who has subscribed to another.
    for (Connection& each : connections_) {
        for (const auto& [sid, filter] : each.filters) {
            if (!takes(filter, consumer.deliver)) continue;
            const std::size_t head = message.headers.size();
            say(each,
                (head > 0 ? "HMSG " : "MSG ") + message.subject + " " + sid + " " + reply + " " +
                    (head > 0 ? std::to_string(head) + " " : "") +
                    std::to_string(head + message.payload.size()) + "\r\n" + message.headers +
                    message.payload + "\r\n");
        }
    }
    if (consumer.in_window >= window_max) ask_for_flow(consumer);
}

void BrokerHost::ask_for_flow(Consumer& consumer) {
    if (!consumer.flow_control || !consumer.flow.empty()) return;
    consumer.flow =
        "$JS.FC." + consumer.stream + "." + consumer.name + "." + std::to_string(++given_);
    deliver({.subject = consumer.deliver,
             .reply = consumer.flow,
             .headers = headed("100 FlowControl Request"),
             .payload = {}});
}

void BrokerHost::beat(const Consumer& consumer) {
    std::string headers =
        "NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: " + std::to_string(consumer.count) +
        "\r\nNats-Last-Stream: " + std::to_string(consumer.stream_seq) + "\r\n";
    if (!consumer.flow.empty()) headers += "Nats-Consumer-Stalled: " + consumer.flow + "\r\n";
    deliver({.subject = consumer.deliver, .reply = {}, .headers = headers + "\r\n", .payload = {}});
}

}  // namespace sim
