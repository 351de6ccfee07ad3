// A process in one network namespace: hears what is broadcast to port 9999, and at its own address; prints each line.
// Lines of its standard input: `shout TEXT` broadcasts TEXT to all that are plugged into the bridge, `note TEXT` sends it
// to itself alone.
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
  socket.send(text, 9999, verb === 'shout' ? '10.200.0.255' : '127.0.0.1');
});
process.stdin.on('end', () => process.exit());
