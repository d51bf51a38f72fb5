#include "herd/phones/json_decoder.hpp"

#include <cassert>

namespace herd::phones {

namespace {

// One without a time is of now.
bool is_newer(const Sighting& sighting, const Sighting& other) {
    if (!sighting.time().good()) return true;
    return other.time().good() && sighting.time().value >= other.time().value;
}

}  // namespace

void JsonDecoder::feed(std::string_view bytes, Sink& sink) {
    while (!bytes.empty() && !broken_) {
        const auto fed = scanner_.feed(bytes);
        bytes.remove_prefix(fed.consumed);
        take(fed.token, sink);
    }
}

void JsonDecoder::finish(Sink& sink) {
    Token token = Token::none;
    do {
        token = broken_ ? Token::none : scanner_.finish();
        take(token, sink);
    } while (token != Token::none);
    // What has come whole of a batch that was cut off counts.
    tell_held(sink);
}

void JsonDecoder::take(Token token, Sink& sink) {
    switch (token) {
        case Token::none:
            return;
        case Token::object:
        case Token::array:
            return enter(place_of(token == Token::object));
        case Token::object_end:
        case Token::array_end:
            return leave(sink);
        case Token::name:
            field_ = scanner_.cut() ? Field::other : field_of(scanner_.text());
            return;
        case Token::text:
        case Token::number:
            return set(scanner_.text(), scanner_.cut());
        case Token::literal:
            return set({}, false);
        case Token::broken:
            broken_ = true;
            return;
    }
}

JsonDecoder::Place JsonDecoder::place_of(bool is_object) const {
    if (depth_ == 0) return is_object ? Place::record : Place::list;
    return is_object ? object_in(top()) : list_in(top());
}

JsonDecoder::Place JsonDecoder::list_in(Place place) const {
    if (place == Place::record && field_ == Field::locations) return Place::locations;
    const bool is_point = place == Place::geometry && field_ == Field::coordinates;
    return is_point ? Place::coordinates : Place::other;
}

JsonDecoder::Place JsonDecoder::object_in(Place place) const {
    if (place == Place::list) return Place::record;
    if (place == Place::locations) return Place::feature;
    const auto is = [&](Place in, Field field) { return place == in && field_ == field; };
    if (is(Place::record, Field::current)) return Place::feature;
    if (is(Place::record, Field::location)) return Place::location;
    if (is(Place::location, Field::coords)) return Place::coords;
    if (is(Place::feature, Field::geometry)) return Place::geometry;
    if (is(Place::feature, Field::properties)) return Place::properties;
    return Place::other;
}

void JsonDecoder::enter(Place place) {
    assert(depth_ < places_.size());
    places_[depth_++] = place;
    field_ = Field::other;
    coordinate_ = 0;
    if (place == Place::record) record_ = {};
    if (place == Place::feature) feature_ = {};
    if (place != Place::locations) return;
    record_.overland = true;
    dialect_ = Dialect::overland;
}

void JsonDecoder::leave(Sink& sink) {
    assert(depth_ > 0);
    const Place left = places_[--depth_];
    field_ = Field::other;
    if (left == Place::feature) end_feature(sink);
    if (left == Place::record) end_record(sink);
}

void JsonDecoder::set(std::string_view text, bool cut) {
    if (depth_ == 0) return;
    const Place in = top();
    if (in == Place::record) return set_record(text, cut);
    if (in == Place::location || in == Place::coords)
        return record_.sighting.set(field_, text, cut);
    if (in == Place::coordinates) {
        if (coordinate_ == 0) feature_.sighting.set(Field::longitude, text, cut);
        if (coordinate_ == 1) feature_.sighting.set(Field::latitude, text, cut);
        if (coordinate_ < 2) ++coordinate_;
    } else if (in == Place::properties) {
        if (field_ == Field::device_id) return feature_.device.offer(text, 0, cut);
        if (field_ == Field::unique_id) return feature_.unique_id.offer(text, 0, cut);
        // Where it is says its geometry.
        const bool counts = field_ == Field::timestamp || field_ == Field::accuracy;
        if (counts) feature_.sighting.set(field_, text, cut);
    }
}

void JsonDecoder::set_record(std::string_view text, bool cut) {
    if (field_ == Field::type) {
        dialect_ = Dialect::owntracks;
        record_.type = text == "location"    ? Type::location
                       : text == "encrypted" ? Type::encrypted
                                             : Type::other;
    } else if (field_ == Field::topic) {
        const Topic topic = split_topic(text);
        record_.user.offer(topic.user);
        record_.device.offer(topic.device, topic_source, cut);
    } else if (field_ == Field::tid) {
        record_.tid.offer(text, 0, cut);
    } else if (const auto source = device_source(field_)) {
        record_.device.offer(text, *source, cut);
    } else {
        record_.sighting.set(field_, text, cut);
    }
}

void JsonDecoder::end_feature(Sink& sink) {
    const Name& device = feature_.device.empty() ? record_.device : feature_.device;
    if (!device.empty()) {
        return sink.on_sighting(Dialect::overland,
                                feature_.sighting,
                                {.device = device.text(), .too_long = device.too_long()});
    }
    // What will not count may not hide what will.
    if (!sink.would_take(Dialect::overland, feature_.sighting)) {
        return sink.on_sighting(Dialect::overland, feature_.sighting, {});
    }
    if (!held_ || is_newer(feature_.sighting, held_->sighting)) held_ = feature_;
}

void JsonDecoder::tell_held(Sink& sink) {
    if (!held_) return;
    const Sender sender{.device = record_.device.text(),
                        .last = held_->unique_id.text(),
                        .too_long = record_.device.too_long() || held_->unique_id.too_long()};
    sink.on_sighting(Dialect::overland, held_->sighting, sender);
    held_.reset();
}

void JsonDecoder::end_record(Sink& sink) {
    tell_held(sink);
    if (record_.overland) return;
    if (record_.type == Type::encrypted) return sink.on_encrypted();
    if (record_.type == Type::other) return sink.on_other();
    const Dialect dialect = record_.type == Type::none ? Dialect::flat : Dialect::owntracks;
    if (!dialect_) dialect_ = dialect;
    sink.on_sighting(dialect,
                     record_.sighting,
                     {.user = record_.user.text(),
                      .device = record_.device.text(),
                      .last = record_.tid.text(),
                      .too_long = record_.device.too_long() || record_.tid.too_long() ||
                                  record_.user.too_long()});
}

}  // namespace herd::phones
