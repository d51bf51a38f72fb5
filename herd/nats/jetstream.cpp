#include "herd/nats/jetstream.hpp"

#include <cassert>

namespace herd::nats {

using protocol::TextWriter;
using protocol::jetstream::Bucket;
using protocol::jetstream::Consumer;
using protocol::jetstream::ConsumerState;
using protocol::jetstream::Deleted;
using protocol::jetstream::Purged;
using protocol::jetstream::StreamState;

template <class Kind, class T, class Put>
Said JetStream::call(
    Kind& kind, std::string_view subject, std::string_view stream, CalledTo<T> to, Put put) {
    assert(to);
    assert(protocol::jetstream::is_name(stream));
    if (kind.under_way()) return Said::full;
    std::array<char, 512> text{};
    TextWriter where(text);
    where.put(subject);
    where.put(stream);
    TextWriter body(body_);
    put(body);
    if (where.overflowed() || body.overflowed()) return Said::unsendable;
    const Said said = connection_.request(where.text(), body.text(), time_, kind.begin(to));
    if (said != Said::yes) kind.cancel();
    return said;
}

Said JetStream::stream_info(std::string_view stream, CalledTo<StreamState> to) {
    return call(info_, protocol::jetstream::info_subject, stream, to, [](TextWriter&) {});
}

Said JetStream::create(const Bucket& bucket, CalledTo<StreamState> to) {
    return call(
        create_, protocol::jetstream::create_subject, bucket.name, to, [&](TextWriter& out) {
            put_create(out, bucket);
        });
}

Said JetStream::consume(const Consumer& consumer, CalledTo<ConsumerState> to) {
    return call(
        consume_, protocol::jetstream::consumer_subject, consumer.stream, to, [&](TextWriter& out) {
            put_consumer(out, consumer);
        });
}

Said JetStream::purge(std::string_view stream, std::string_view filter, CalledTo<Purged> to) {
    return call(purge_, protocol::jetstream::purge_subject, stream, to, [&](TextWriter& out) {
        if (!filter.empty()) protocol::jetstream::put_purge(out, filter);
    });
}

Said JetStream::remove(std::string_view stream, CalledTo<Deleted> to) {
    return call(remove_, protocol::jetstream::delete_subject, stream, to, [](TextWriter&) {});
}

}  // namespace herd::nats
