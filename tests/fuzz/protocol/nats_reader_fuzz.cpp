// What a broker says, in pieces: however it is cut, it gives the same messages, and ends in the
// same nonsense. What is not consumed is bounded, and what a message says of its parts is true. Of
// its headers, and of the JSON in it, nothing is believed: they are read, which must not fail.
#include "protocol/jetstream.hpp"
#include "protocol/jetstream_push.hpp"
#include "protocol/nats_error.hpp"
#include "protocol/nats_headers.hpp"
#include "protocol/nats_info.hpp"
#include "protocol/nats_reader.hpp"
#include "tests/fuzz/input.hpp"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace nats_reader_fuzz {

namespace {

using namespace protocol::nats;

constexpr Reader::Limits limits{.line_max = 48, .info_max = 96, .payload_max = 40};

void tell(std::string& all, const Message& message) {
    all += static_cast<char>('0' + message.index());
    if (const auto* info = std::get_if<Info>(&message)) {
        static_cast<void>(parse_info(info->json));
        all += info->json;
    } else if (const auto* error = std::get_if<Error>(&message)) {
        static_cast<void>(kind_of_error(error->text));
        all += error->text;
    } else if (const auto* delivery = std::get_if<Delivery>(&message)) {
        assert(delivery->skipped == (delivery->size > limits.payload_max));
        const std::size_t here = delivery->headers.size() + delivery->payload.size();
        assert(here == (delivery->skipped ? 0 : delivery->size));
        assert(!delivery->subject.empty());
        if (const auto headers = Headers::parse(delivery->headers)) {
            assert(headers->status() <= 999);
            static_cast<void>(headers->find("A"));
        }
        static_cast<void>(protocol::jetstream::parse_stream(delivery->payload));
        static_cast<void>(protocol::jetstream::parse_pushed(delivery->reply));
        static_cast<void>(protocol::jetstream::note_of(*delivery, "a"));
        all.append(delivery->subject).append("/").append(delivery->reply).append("/");
        all.append(std::to_string(delivery->sid)).append("/");
        all.append(std::to_string(delivery->size)).append("/");
        all.append(delivery->headers).append("/").append(delivery->payload);
    }
    all += '\n';
}

// All that is read of `said`, which comes in pieces as the input says; an ended one: at once.
std::string read_all(std::string_view said, fuzz::Input cuts) {
    Reader reader(limits);
    std::string all;
    std::string_view unread = said.substr(0, 0);
    std::size_t come = 0;
    do {
        const std::size_t piece = cuts.empty() ? said.size() : 1 + cuts.byte() % 16;
        come = std::min(said.size(), come + piece);
        const auto taken = static_cast<std::size_t>(unread.data() - said.data());
        unread = said.substr(taken, come - taken);
        while (true) {
            const auto read = reader.read(unread);
            if (!read) return all + "!" + std::string(to_text(read.error()));
            assert(read->consumed <= unread.size());
            unread.remove_prefix(read->consumed);
            if (!read->message) break;
            assert(read->consumed > 0);
            tell(all, *read->message);
        }
        assert(unread.size() <= limits.unread_max());
    } while (come < said.size());
    return all + "." + std::to_string(unread.size());
}

}  // namespace

void one_input(const std::uint8_t* data, std::size_t size) {
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    fuzz::Input input(bytes);
    const std::string_view cuts = input.take(input.byte() % 32);
    bytes = bytes.substr(std::min(size, cuts.size() + 1));
    // A fuzzer finds lines ends of one byte sooner.
    std::string said;
    for (const char byte : bytes) {
        if (byte == '~') said += '\r';
        said += byte == '~' ? '\n' : byte;
    }
    const std::string whole = read_all(said, fuzz::Input({}));
    const std::string pieces = read_all(said, fuzz::Input(cuts));
    assert(whole == pieces);
}

}  // namespace nats_reader_fuzz
