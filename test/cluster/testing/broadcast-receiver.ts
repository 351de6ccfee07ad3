// A process in one network namespace: receives on port 9999, by broadcast and at its own address, and prints each message.
// Lines of its standard input: `broadcast TEXT` sends TEXT to all ports of the bridge, `note TEXT` sends it to the process itself
// only.
import { createSocket } from 'node:dgram';
import { createInterface } from 'node:readline';

const socket = createSocket('udp4');
socket.on('message', (message) => console.log(message.toString()));
socket.bind(9999, '0.0.0.0', () => {
  socket.setBroadcast(true);
  console.log('listening');
});
createInterface(process.stdin).on('line', (line) => {
  const [verb, text = ''] = line.split(' ');
  socket.send(text, 9999, verb === 'broadcast' ? '10.200.0.255' : '127.0.0.1');
});
process.stdin.on('end', () => process.exit());
