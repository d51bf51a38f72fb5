#include "tests/sim/fake_seal.hpp"

#include "reactor/sys.hpp"
#include "tests/sim/no_allocation.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <memory>
#include <utility>

namespace sim {

namespace {

namespace sys = reactor::sys;

constexpr std::size_t head_size = 5;
constexpr std::size_t sum_size = 1;
constexpr char farewell_type = 21;
constexpr char handshake_type = 22;
constexpr char data_type = 23;
constexpr std::string_view keys_wanted = "new keys, please";
constexpr std::string_view keys_given = "new keys";

std::size_t size_of(std::string_view head) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(head[at]); };
    return head_size + (std::size_t{byte(3)} << 8 | byte(4));
}

char turned(char byte) {
    return static_cast<char>(~byte);
}

char sum_of(std::string_view bytes) {
    unsigned sum = 7;
    for (const char byte : bytes) sum = sum * 31 + static_cast<unsigned char>(byte);
    return static_cast<char>(sum);
}

bool is_whole(std::string_view bytes) {
    return bytes.size() >= head_size && bytes.size() >= size_of(bytes);
}

// What a whole record holds; nothing: it was changed.
bool unseal(std::string_view record, std::string& payload) {
    const std::string_view body = record.substr(0, record.size() - sum_size);
    if (record.size() < head_size + sum_size || sum_of(body) != record.back()) return false;
    payload.assign(body.substr(head_size));
    std::ranges::transform(payload, payload.begin(), turned);
    return true;
}

}  // namespace

void FakeSeal::append(char type, std::string_view payload) {
    const std::size_t size = payload.size() + sum_size;
    std::string record = {type, 3, 3, static_cast<char>(size >> 8), static_cast<char>(size & 0xff)};
    for (const char byte : payload) record += turned(byte);
    record += sum_of(record);
    out_ += record;
}

// The one who dials speaks first.
reactor::Seal::Shaken FakeSeal::shake(int fd) {
    const InKernel inside;
    if (step_ == Step::fresh) {
        step_ = shape_.dials ? Step::says : Step::hears;
        append(handshake_type, shape_.name);
    }
    while (step_ != Step::ends) {
        if (step_ == Step::says) {
            if (!send_rest(fd)) {
                return refusal_.empty() ? Shaken::wants_output : Shaken::refused;
            }
            step_ = heard_ && !shape_.confirmed ? Step::ends : Step::hears;
        } else {
            bool ended = false;
            const bool whole = receive_record(fd, ended);
            if (!in_.empty() && in_[0] != handshake_type) {
                refuse("no TLS");
                return Shaken::plain;
            }
            if (!whole && ended) return refuse("the connection ended");
            if (!whole) return in_.empty() ? Shaken::wants_input : Shaken::wants_little;
            if (!unseal(in_, peer_)) return refuse("no handshake");
            in_.clear();
            if (std::exchange(heard_, true)) {
                step_ = Step::ends;
                continue;
            }
            if (shape_.refuses) return refuse("by chance");
            if (!shape_.expected.empty() && peer_ != shape_.expected) return refuse("another name");
            step_ = shape_.dials ? Step::ends : Step::says;
        }
    }
    return Shaken::done;
}

reactor::Seal::Shaken FakeSeal::refuse(std::string_view why) {
    refusal_ = why;
    return Shaken::refused;
}

bool FakeSeal::send_rest(int fd) {
    while (!out_.empty()) {
        const auto sent = sys::send(fd, out_);
        if (!sent && sent.error().value == EAGAIN) return false;
        if (!sent) {
            refuse("the connection ended");
            return false;
        }
        out_.erase(0, *sent);
    }
    return true;
}

// Not a byte more than the record has.
bool FakeSeal::receive_record(int fd, bool& ended) {
    while (!is_whole(in_)) {
        const std::size_t wanted = in_.size() < head_size ? head_size : size_of(in_);
        const std::size_t had = in_.size();
        in_.resize(wanted);
        const auto got = sys::receive(fd, std::span(in_).subspan(had));
        in_.resize(had + got.value_or(0));
        ended = got ? *got == 0 : got.error().value != EAGAIN;
        if (!got || ended) return false;
    }
    return true;
}

reactor::Seal::Opened FakeSeal::open(std::span<const char> sealed, std::span<char> plain) {
    const InKernel inside;
    Opened opened;
    in_.append(sealed.data(), sealed.size());
    std::string payload;
    while (is_whole(in_)) {
        const std::string record = in_.substr(0, size_of(in_));
        in_.erase(0, record.size());
        if (!unseal(record, payload)) {
            opened.end = End::broken;
            refusal_ = "not as it was sealed";
        }
        if (record[0] == farewell_type) opened.end = End::farewell;
        if (record[0] == handshake_type && payload == keys_wanted) reply_due_ = true;
        if (record[0] == handshake_type && payload == keys_given) keys_heard_ = true;
        if (opened.end != End::none) return opened;
        if (record[0] != data_type) continue;
        assert(payload.size() <= plain.size() - opened.count);
        std::ranges::copy(payload, plain.begin() + static_cast<std::ptrdiff_t>(opened.count));
        opened.count += payload.size();
    }
    opened.partial = !in_.empty();
    return opened;
}

std::string_view FakeSeal::reply() {
    const InKernel inside;
    out_.clear();
    if (std::exchange(reply_due_, false)) append(handshake_type, keys_given);
    return out_;
}

std::string_view FakeSeal::ask_for_keys() {
    out_.clear();
    append(handshake_type, keys_wanted);
    return out_;
}

std::string_view FakeSeal::seal(std::string_view plain) {
    const InKernel inside;
    assert(!farewell_said_);
    out_.clear();
    while (!plain.empty()) {
        const std::string_view part = plain.substr(0, shape_.record_max);
        append(data_type, part);
        plain.remove_prefix(part.size());
    }
    return out_;
}

std::string_view FakeSeal::farewell() {
    const InKernel inside;
    out_.clear();
    if (!std::exchange(farewell_said_, true)) append(farewell_type, "");
    return out_;
}

}  // namespace sim
