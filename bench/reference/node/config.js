'use strict';
// The herd, unless --config says otherwise.

module.exports = {
  servers: Object.fromEntries(['Goloman', 'Hands', 'Holiday', 'Welsh', 'Wilkes'].map(
    (name, i) => [name, { host: '127.0.0.1', port: 21001 + i }])),
  neighbours: {
    Goloman: ['Hands', 'Holiday', 'Wilkes'],
    Hands: ['Goloman', 'Wilkes'],
    Holiday: ['Goloman', 'Welsh', 'Wilkes'],
    Welsh: ['Holiday'],
    Wilkes: ['Goloman', 'Hands', 'Holiday'],
  },
  places_url: 'http://127.0.0.1:21300/maps/api/place/nearbysearch/json',
  key: '',
};
