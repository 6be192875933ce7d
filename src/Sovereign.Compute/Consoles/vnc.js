// Joins noVNC's client to the WebSocket that the page's parameter "path" names.
const said = document.getElementById('said');
const path = new URLSearchParams(location.search).get('path') || '';
const address = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/${path}`;

try {
  const { default: RFB } = await import('./novnc/core/rfb.js');
  const client = new RFB(document.getElementById('screen'), address, { shared: true, wsProtocols: ['binary'] });
  client.scaleViewport = true;
  client.addEventListener('connect', () => { said.textContent = 'Connected.'; });
  client.addEventListener('disconnect', event => {
    said.textContent = event.detail.clean ? 'Disconnected. Ask for a new console to connect again.' : 'The connection was refused or lost.';
  });
} catch (problem) {
  said.textContent = 'noVNC is not installed on this cloud (package "novnc"). Any client that speaks RFB over a WebSocket can use the address in this page\'s "path".';
}
